"""Who offers services may be written to by anybody, once the marketplace has let them in."""

import pytest

from domain.errors import Forbidden
from domain.identity import Identity
from tests.support.marketplace import Marketplace


@pytest.mark.parametrize(
    ("status", "opens"),
    [("approved", True), ("paused", True), ("pending", False), ("rejected", False)],
)
async def test_a_service_opens_its_owner_to_all_once_it_was_approved(
    market: Marketplace, status: str, opens: bool
) -> None:
    sam, _ = await market.sam_and_bea()
    await market.service("bea", id="of-bea", status=status)

    may_write = await market.conversations.can_message(sam, "bea")

    assert may_write["allowed"] == opens
    if opens:
        await market.send(sam, await market.direct(sam, Identity("bea")))
    else:
        with pytest.raises(Forbidden, match="once they have written to you"):
            await market.direct(sam, Identity("bea"))


async def test_a_service_that_is_rejected_opens_its_owner_no_longer(
    market: Marketplace, other_node: Marketplace
) -> None:
    """Whatever a node remembers of who wrote because of it; an answer holds for good."""
    sam, bea = await market.sam_and_bea()
    cleo = await market.account("cleo")
    unanswered, answered = await market.direct(bea, sam), await market.direct(cleo, sam)
    await market.send(bea, unanswered)
    await market.send(cleo, answered)
    await market.send(sam, answered)

    await other_node.service("sam", status="paused")
    await market.send(bea, unanswered)
    await other_node.service("sam", status="rejected")

    with pytest.raises(Forbidden) as refused:
        await market.send(bea, unanswered)
    assert refused.value.code == "first_contact_required"
    await market.send(cleo, answered)
    await market.send(sam, unanswered)
    await market.send(bea, unanswered)

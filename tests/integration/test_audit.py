"""What operators do and look at is noted, and can be looked into."""

from datetime import timedelta
from typing import Any

from domain.publications import OpenRequest, inbox_channel, thread_channel
from domain.reports import ReportReason
from realtime.services.reports import Complaint
from tests.support.http_api import HttpApi
from tests.support.marketplace import OPERATOR

LOG = "/v1/ops/audit"


async def noted(api: HttpApi, **query: Any) -> list[tuple[str, str, str]]:
    listed = await api.call(OPERATOR, "GET", LOG, params=query)
    return [(each["actor"], each["action"], each["about"]) for each in listed.json()["items"]]


async def test_an_operator_who_reads_what_is_others_leaves_a_line(api: HttpApi) -> None:
    market = api.market
    sam, bea = await market.sam_and_bea()
    order = (await market.order(id="o1"))["conversation_id"]
    file = await market.upload(bea)
    await market.send(bea, order, "Look", attachments=(file,))

    for path in (
        "/v1/orders/o1",
        "/v1/orders/o1/requirements",
        "/v1/orders/o1/plan",
        f"/v1/conversations/{order}/messages",
        f"/v1/attachments/{file}",
    ):
        market.clock.advance(timedelta(seconds=1))
        assert (await api.call(OPERATOR, "GET", path)).status_code == 200
        for owner in (sam, bea):
            assert (await api.call(owner, "GET", path)).status_code == 200
        assert (await api.call(OPERATOR, "GET", f"{path}-of-nobody")).status_code == 404

    assert await noted(api) == [
        ("olga", "look", f"attachment:{file}"),
        ("olga", "look", f"conversation:{order}"),
        ("olga", "look", "order:o1"),
        ("olga", "look", "order:o1"),
        ("olga", "look", "order:o1"),
    ]
    assert len(await noted(api, about="order:o1")) == 3
    assert await noted(api, actor="otto") == []


async def test_an_operator_who_listens_to_a_thread_leaves_a_line(api: HttpApi) -> None:
    market = api.market
    sam, _ = await market.sam_and_bea()
    order = (await market.order())["conversation_id"]
    channel = thread_channel(order)
    listening = [(channel, sam), (channel, OPERATOR), (inbox_channel("sam"), OPERATOR)]
    await market.reads.open_many([OpenRequest(*each) for each in listening])
    assert await noted(api) == [("olga", "listen", f"conversation:{order}")]

    market.clock.advance(timedelta(seconds=1))
    for who in (sam, OPERATOR):
        await market.reads.history(channel, who, since=None, limit=10, reverse=False)
    assert len(await noted(api)) == 2


async def test_a_report_that_is_closed_leaves_a_line_and_the_log_has_pages(api: HttpApi) -> None:
    market = api.market
    sam, _ = await market.sam_and_bea()
    ids = []
    for _ in range(3):
        complaint = Complaint(account_id="bea", reason=ReportReason.SPAM)
        ids.append((await market.reports.report(sam, complaint))["id"])
        market.clock.advance(timedelta(seconds=1))
        path = f"/v1/ops/reports/{ids[-1]}/close"
        assert (await api.call(OPERATOR, "POST", path)).status_code == 200
        assert (await api.call(OPERATOR, "POST", path)).status_code == 404

    first = (await api.call(OPERATOR, "GET", LOG, params={"limit": 2})).json()
    rest = {"limit": 2, "cursor": first["next_cursor"]}
    second = (await api.call(OPERATOR, "GET", LOG, params=rest)).json()
    told = [*first["items"], *second["items"]]
    assert [each["about"] for each in told] == [f"report:{id_}" for id_ in reversed(ids)]
    assert {(each["actor"], each["action"]) for each in told} == {("olga", "report.close")}
    assert second["next_cursor"] is None

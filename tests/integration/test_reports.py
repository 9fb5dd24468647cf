"""Reports: what somebody wrote, quoted as it stood, for operators to look at."""

from typing import Any

import pytest

from tests.support.http_api import HttpApi
from tests.support.marketplace import OPERATOR


async def test_an_operator_reads_what_was_written_though_it_was_taken_back(api: HttpApi) -> None:
    market = api.market
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    sent = await market.send(bea, thread, "Pay me outside of here")
    complaint = {
        "account_id": "bea",
        "reason": "off_platform",
        "comment": "Twice now",
        "conversation_id": thread,
        "seq": sent.seq,
    }

    reported = await api.call(sam, "POST", "/v1/reports", json=complaint)
    await market.changes.delete(bea, thread, sent.seq)
    listed = await api.call(OPERATOR, "GET", "/v1/ops/reports")

    assert reported.status_code == 201
    assert listed.json()["items"] == [reported.json()]
    shown = reported.json()
    assert shown["quote"] == "Pay me outside of here"
    assert (shown["reporter"]["id"], shown["account"]["id"]) == ("sam", "bea")
    assert (shown["status"], shown["closed_by"]) == ("open", None)


async def test_a_report_is_closed_once_by_whoever_looked_at_it(api: HttpApi) -> None:
    sam, _ = await api.market.sam_and_bea()
    body = {"account_id": "bea", "reason": "spam"}
    report_id = (await api.call(sam, "POST", "/v1/reports", json=body)).json()["id"]
    path = f"/v1/ops/reports/{report_id}/close"

    closed = await api.call(OPERATOR, "POST", path)
    again = await api.call(OPERATOR, "POST", path)

    assert (closed.json()["status"], closed.json()["closed_by"]) == ("closed", "olga")
    assert again.status_code == 404
    for status, count in (("open", 0), ("closed", 1), ("all", 1)):
        listed = await api.call(OPERATOR, "GET", f"/v1/ops/reports?status={status}")
        assert len(listed.json()["items"]) == count


async def test_reports_are_listed_in_pages_the_latest_first(api: HttpApi) -> None:
    sam, _ = await api.market.sam_and_bea()
    for comment in ("one", "two", "three"):
        body = {"account_id": "bea", "reason": "other", "comment": comment}
        await api.call(sam, "POST", "/v1/reports", json=body)

    first = (await api.call(OPERATOR, "GET", "/v1/ops/reports?limit=2")).json()
    cursor = first["next_cursor"]
    rest = (await api.call(OPERATOR, "GET", f"/v1/ops/reports?limit=2&cursor={cursor}")).json()

    assert [report["comment"] for report in first["items"]] == ["three", "two"]
    assert [report["comment"] for report in rest["items"]] == ["one"]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"account_id": "sam"}, 400, "account_id"),
        ({"account_id": "nobody"}, 400, "account_id"),
        ({"account_id": "eve"}, 400, "account_id"),
        ({"reason": "dislike"}, 400, "reason"),
        ({"comment": "x" * 2_001}, 400, "comment"),
        ({"conversation_id": None}, 400, "conversation_id"),
        ({"conversation_id": "elsewhere"}, 404, None),
        ({"seq": 99}, 400, "seq"),
        ({"seq": 2}, 400, "seq"),
    ],
)
async def test_what_is_wrong_is_named(
    api: HttpApi, changes: dict[str, Any], status: int, field: str | None
) -> None:
    market = api.market
    sam, bea = await market.sam_and_bea()
    await market.account("eve")
    thread = await market.direct(bea, sam)
    await market.send(bea, thread, "Hello")
    await market.send(sam, thread, "My own words are nobody's fault")
    right = {"account_id": "bea", "reason": "abuse", "conversation_id": thread, "seq": 1}

    refused = await api.call(sam, "POST", "/v1/reports", json=right | changes)

    assert refused.status_code == status
    if field:
        assert refused.json()["errors"][0]["path"] == field


async def test_a_stranger_to_the_thread_cannot_have_it_quoted(api: HttpApi) -> None:
    market = api.market
    sam, bea = await market.sam_and_bea()
    eve = await market.account("eve")
    thread = await market.direct(bea, sam)
    await market.send(bea, thread, "Between the two of us")
    body = {"account_id": "bea", "reason": "abuse", "conversation_id": thread, "seq": 1}

    refused = await api.call(eve, "POST", "/v1/reports", json=body)

    assert (refused.status_code, refused.json()["code"]) == (404, "not_participant")

"""Everything about one account, and nothing that is somebody else's alone."""

import json
from typing import Any

from domain.errors import NotFound
from domain.identity import Identity
from domain.lifecycle import Action
from domain.reports import ReportReason
from realtime.services import export
from realtime.services.order_commands import Deliver, Nothing
from realtime.services.reports import Complaint
from tests.support.http_api import HttpApi
from tests.support.marketplace import BACKEND, OPERATOR, QUESTION, Marketplace

SAM, BEA = Identity("sam"), Identity("bea")
Line = dict[str, Any]


async def told(api: HttpApi, account_id: str) -> list[Line]:
    """Return the lines of an account's export."""
    answer = await api.call(BACKEND, "GET", f"/v1/accounts/{account_id}/export")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
    assert answer.text.endswith("\n")
    return [json.loads(line) for line in answer.text.splitlines()]


def of_type(lines: list[Line], kind: str) -> list[Line]:
    """Return the lines of one type."""
    return [line for line in lines if line["type"] == kind]


async def lived(market: Marketplace) -> Any:
    """Have Sam and Bea leave something of every kind."""
    await market.sam_and_bea()
    await market.service("sam", questions=[QUESTION])
    order = await market.order()
    await market.requirements.save_draft(BEA, order["id"], {"logo": "A first thought"})
    await market.order_actions.change_answers(BEA, order["id"], {"logo": "A tree"})
    await market.order_papers.add_note(SAM, order["id"], "Sam's note")
    await market.order_papers.add_note(BEA, order["id"], "Bea's note")
    direct = await market.direct(BEA, SAM)
    sent = await market.send(BEA, direct, "Hello")
    gone = await market.send(BEA, direct, "Oops")
    await market.changes.edit(BEA, direct, sent.seq, "Hello Sam")
    await market.changes.delete(BEA, direct, gone.seq)
    await market.send(SAM, order["conversation_id"], "Grüße aus Köln – 🌳")
    await market.order_actions.act(SAM, order["id"], Action.DELIVER, Deliver(message="There"))
    await market.order_actions.act(BEA, order["id"], Action.ACCEPT, Nothing())
    for owner in (SAM, BEA):
        await market.quick_replies.add(owner, f"{owner.account_id}'s", "Hi")
        await market.accounts.subscribe_push(
            owner,
            endpoint=f"https://push.example/{owner.account_id}",
            p256dh="the key",
            auth="the secret",
            label=f"{owner.account_id}'s phone",
        )
    await market.accounts.change_preferences(BEA, {"email_after_minutes": 7})
    await market.blocks.block(BEA, "sam")
    complaint = Complaint(account_id="sam", reason=ReportReason.OTHER, comment="Bea's complaint")
    await market.reports.report(BEA, complaint)
    return order


async def test_everything_of_ones_own_is_told(api: HttpApi) -> None:
    order = await lived(api.market)

    lines = await told(api, "bea")

    assert lines[0] == {
        "type": "account",
        "id": "bea",
        "name": "Bea",
        "email": "bea@example.com",
        "locale": "en",
        "timezone": "UTC",
        "avatar_url": None,
        "created_at": "2026-11-24T12:00:00.000Z",
        "updated_at": "2026-11-24T12:00:00.000Z",
    }
    assert of_type(lines, "preferences")[0]["email_after_minutes"] == 7
    assert [line["title"] for line in of_type(lines, "quick_reply")] == ["bea's"]
    [device] = of_type(lines, "push_subscription")
    assert set(device) == {"type", "id", "label", "created_at"}
    [contact] = of_type(lines, "contact")
    assert (contact["person"]["name"], contact["completed_orders"]) == ("Sam", 1)
    assert contact["totals"] == [{"amount": 12_050, "currency": "EUR"}]
    assert [line["person"]["id"] for line in of_type(lines, "block")] == ["sam"]
    assert [line["comment"] for line in of_type(lines, "report")] == ["Bea's complaint"]
    [shown] = of_type(lines, "order")
    assert (shown["id"], shown["status"], shown["buyer"]["name"]) == (
        order["id"],
        "completed",
        "Bea",
    )
    assert shown["requirements"]["versions"][0]["answers"] == {"logo": "A tree"}
    assert [each["type"] for each in shown["timeline"]] == [
        "created",
        "requirements_submitted",
        "delivered",
        "completed",
    ]
    assert [line["body"] for line in of_type(lines, "note")] == ["Bea's note"]
    assert {line["kind"] for line in of_type(lines, "conversation")} == {"order", "direct"}
    alerts = of_type(lines, "notification")
    assert alerts
    assert all({step["decision"] for step in line["steps"]} for line in alerts)
    assert lines[-1] == {"type": "end", "lines": len(lines) - 1}
    assert {line["type"] for line in lines} <= set(_documented())


def _documented() -> list[str]:
    """Name the types that the description of the API names."""
    return (export.ExportLine.__doc__ or "").split("`")[1::2]


async def test_a_thread_is_told_with_what_became_of_it(api: HttpApi) -> None:
    await lived(api.market)

    lines = await told(api, "bea")

    [direct] = [each["id"] for each in of_type(lines, "conversation") if each["kind"] == "direct"]
    thread = [line for line in lines if line.get("conversation_id") == direct and "seq" in line]
    assert [(line["type"], line["seq"], line.get("body")) for line in thread] == [
        ("message", 1, "Hello Sam"),
        ("message", 2, ""),
        ("edit", 3, "Hello Sam"),
        ("delete", 4, None),
    ]
    assert thread[0]["edited_at"] is not None
    assert thread[1]["deleted_at"] is not None
    about_order = [line["event"] for line in of_type(lines, "order_event")]
    assert about_order == ["created", "requirements_submitted", "delivered", "completed"]
    assert "Grüße aus Köln – 🌳" in [line.get("body") for line in of_type(lines, "message")]


async def test_nothing_is_told_that_the_other_side_keeps_to_itself(api: HttpApi) -> None:
    await lived(api.market)

    of_sam = json.dumps(await told(api, "sam"))
    of_bea = json.dumps(await told(api, "bea"))

    for hers in ("Bea's note", "Bea's complaint", "bea's phone", "bea@example.com", "bea's"):
        assert hers not in of_sam
        assert hers in of_bea
    for his in ("Sam's note", "sam's phone", "sam@example.com"):
        assert his not in of_bea
        assert his in of_sam
    for secret in ("the key", "the secret", "push.example/sam", "push.example/bea"):
        assert secret not in of_sam + of_bea
    assert [line["id"] for line in of_type(json.loads(of_sam), "service")] == ["sam-logo"]


async def test_whom_one_has_heard_nothing_of_is_not_told(api: HttpApi) -> None:
    """Whoever blocks an account, or only opened a conversation with it, is unknown to it."""
    market = api.market
    await market.sam_and_bea()
    eve = await market.account("eve")
    await market.blocks.block(eve, "sam")
    thread = await market.direct(BEA, SAM)

    before = await told(api, "sam")
    [block] = of_type(await told(api, "eve"), "block")
    await market.send(BEA, thread)
    after = await told(api, "sam")

    assert block["person"]["id"] == "sam"
    for kind in ("contact", "conversation"):
        assert of_type(before, kind) == []
    assert "eve" not in json.dumps(after).casefold()
    assert [line["person"]["id"] for line in of_type(after, "contact")] == ["bea"]
    assert [line["id"] for line in of_type(after, "conversation")] == [thread]


async def test_who_ordered_is_told_of_before_a_word_was_said(api: HttpApi) -> None:
    await api.market.sam_and_bea()
    order = await api.market.order()

    lines = await told(api, "sam")

    assert [line["person"]["id"] for line in of_type(lines, "contact")] == ["bea"]
    conversations = [line["id"] for line in of_type(lines, "conversation")]
    assert conversations == [order["conversation_id"]]


async def test_what_was_uploaded_is_told_with_a_link_to_it(api: HttpApi) -> None:
    market = api.market
    await market.sam_and_bea()
    thread = await market.direct(BEA, SAM)
    await market.send(BEA, thread, attachments=(await market.upload(BEA),))
    gone = await market.send(BEA, thread, attachments=(await market.upload(BEA, "gone.txt"),))
    await market.changes.delete(BEA, thread, gone.seq)

    [told_of] = of_type(await told(api, "bea"), "attachment")

    assert (told_of["name"], told_of["media_type"]) == ("brief.txt", "text/plain")
    fetched = await api.call(None, "GET", told_of["url"])
    assert fetched.content == b"What I want"
    assert of_type(await told(api, "sam"), "attachment") == []


async def test_a_draft_is_its_writers(api: HttpApi) -> None:
    market = api.market
    await market.sam_and_bea()
    await market.service("sam", questions=[QUESTION])
    order = await market.order()
    await market.requirements.save_draft(BEA, order["id"], {"logo": "A first thought"})

    [of_bea] = of_type(await told(api, "bea"), "order")
    [of_sam] = of_type(await told(api, "sam"), "order")

    assert of_bea["requirements"]["draft"] == {"logo": "A first thought"}
    assert of_sam["requirements"]["draft"] is None


async def test_it_is_told_a_page_at_a_time(api: HttpApi) -> None:
    """Whatever ends a page, and however often: everything once, in order."""
    market = api.market
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    for number in range(7):
        await market.send(bea, thread, f"{number}")
        await market.quick_replies.add(bea, f"{number}", "Hi")
        other = await market.account(f"buyer-{number}")
        await market.send(other, await market.direct(other, sam), f"{number}")
        await market.service("sam", id=f"offer-{number}")
    small = export.Export(
        database=market.database,
        people=market.people,
        order_views=market.order_views,
        attachments=market.attachments,
        clock=market.clock,
        page=3,
    )

    lines = [
        json.loads(line)
        for account in ("bea", "sam")
        async for page in small.pages(account)
        for line in page.splitlines()
    ]

    assert [line["title"] for line in of_type(lines, "quick_reply")] == list("0123456")
    # Bea's thread is in both, and each of the others' in Sam's.
    assert [line["body"] for line in of_type(lines, "message")] == 3 * list("0123456")
    assert len({line["id"] for line in of_type(lines, "conversation")}) == 8
    assert len(of_type(lines, "service")) == 8
    # One of each service, and one about what each of eight has written.
    assert len(of_type(lines, "notification")) == 16


async def test_who_is_nobody_has_nothing_to_tell(api: HttpApi) -> None:
    market = api.market
    await market.sam_and_bea()
    await market.erasing.erase("bea")

    for account in ("nobody", "bea"):
        answer = await api.call(BACKEND, "GET", f"/v1/accounts/{account}/export")
        assert (answer.status_code, answer.json()["code"]) == (404, NotFound.code)


async def test_only_the_marketplace_may_ask(api: HttpApi) -> None:
    await api.market.sam_and_bea()

    for caller, status in ((SAM, 403), (BEA, 403), (OPERATOR, 403), (None, 401)):
        answer = await api.call(caller, "GET", "/v1/accounts/sam/export")
        assert answer.status_code == status

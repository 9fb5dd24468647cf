"""What alerts about messages tell of a conversation."""

from types import SimpleNamespace
from typing import Any, cast

from realtime.delivery.threads import Thread


def a_thread(*messages: Any, unread: int = 1) -> Thread:
    return Thread(
        view=cast("Any", SimpleNamespace(unread=unread, order_number="FO-1")),
        sender="Bea Brandt",
        messages=messages,
        in_focus=False,
        mailed_at=None,
    )


def a_message(body: str, *names: str) -> Any:
    return SimpleNamespace(body=body, attachments=[{"name": name} for name in names])


def test_the_newest_is_shown_and_all_are_quoted() -> None:
    thread = a_thread(a_message("One"), a_message("Two\nlines"), unread=7)
    assert thread.facts() == {
        "sender": "Bea Brandt",
        "preview": "Two lines",
        "count": 7,
        "order_number": "FO-1",
        "messages": ["One", "Two\nlines"],
    }


def test_a_message_that_is_but_files_is_told_by_their_names() -> None:
    thread = a_thread(a_message("", "brief.txt", "logo.png"))
    assert thread.facts()["preview"] == "brief.txt, logo.png"

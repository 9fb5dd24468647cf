"""The words of a push, as the service worker reads them."""

from hashlib import sha256

from domain.preferences import Category
from realtime.delivery import base64url
from realtime.delivery.alert import Alert, in_two_lines
from realtime.delivery.push.encrypt import packed

TOPIC_LENGTH = 32  # RFC 8030, 5.4

# Of these only the newest of a conversation is shown; every other alert must arrive by itself.
_FOLDED = frozenset({Category.ORDER_MESSAGE, Category.INBOX_MESSAGE})


def compose_push(alert: Alert) -> bytes:
    """Return the payload ``{title, body, link, tag, category, id}``; pushes of one tag fold."""
    said = in_two_lines(alert)
    return packed(
        {
            "title": said.title,
            "body": said.body,
            "link": alert.link,
            "tag": push_topic(alert) or alert.notification_id,
            "category": alert.category,
            "id": alert.notification_id,
        }
    )


def push_topic(alert: Alert) -> str | None:
    """Return the ``Topic`` under which a newer push replaces this one, None if none may."""
    if alert.category not in _FOLDED or alert.thread is None:
        return None
    # Hashed: the push service learns that two pushes belong together, not what they are about.
    digest = sha256(f"{alert.account_id}\n{alert.thread}".encode()).digest()
    return base64url.encode(digest)[:TOPIC_LENGTH]

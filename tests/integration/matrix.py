"""The matrix: each endpoint, rpc and channel, each kind of caller, and what it gets."""

from collections.abc import Sequence
from typing import Any

# Sam sells, Bea has bought from him, Eve has to do with neither. What is named here is Sam's.
CALLERS = ("nobody", "expired", "other", "counterpart", "owner", "operator", "backend")

SERVICE = {"seller_id": "<sam>", "title": "Logo", "status": "approved", "delivery_days": 3}
ORDER = {"service_id": "<service>", "buyer_id": "<bea>", "price": {"amount": 1, "currency": "EUR"}}
GRANT = {"seller_id": "<sam>", "buyer_id": "<bea>", "until": None}
WEBHOOK = {"url": "https://example.com/hooks", "events": ["order.*"]}
MESSAGE = {"client_id": "c", "body": "Hello"}
# The first point of the curve, and any secret: a browser's keys as far as their form goes.
POINT = "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"
ENDPOINT = {"endpoint": "https://push.example.com/of-<sam>"}
SUBSCRIPTION = {
    "endpoint": "https://push.example.com/<sam>",
    "keys": {"p256dh": POINT, "auth": "MDAwMDAwMDAwMDAwMDAwMA"},
}

Row = tuple[str, Any, str]

# What is called, what it is told, and what each kind of caller gets, in their order.
# Of HTTP it is the status. Of a socket it is "ok", or the code of an error; where a caller does not
# even get in, it is what ends that: 109 (the token has expired) or 3500 (there is none).
MATRIX: Sequence[Row] = (
    # nobody expired other counterpart owner operator backend
    ("GET /v1/openapi.json", None, "200 200 200 200 200 200 200"),
    ("GET /v1/docs", None, "200 200 200 200 200 200 200"),
    ("PUT /v1/accounts/{account_id}", {"name": "Sam"}, "401 401 403 403 403 403 200"),
    ("GET /v1/me", None, "401 401 200 200 200 200 403"),
    ("GET /v1/me/preferences", None, "401 401 200 200 200 403 403"),
    ("PATCH /v1/me/preferences", {}, "401 401 200 200 200 403 403"),
    ("GET /v1/push/public-key", None, "200 200 200 200 200 200 200"),
    ("GET /v1/me/push-subscriptions", None, "401 401 200 200 200 403 403"),
    ("POST /v1/me/push-subscriptions", SUBSCRIPTION, "401 401 201 201 201 403 403"),
    ("POST /v1/me/push-subscriptions/test", None, "401 401 200 200 200 403 403"),
    ("DELETE /v1/me/push-subscriptions", ENDPOINT, "401 401 404 404 204 403 403"),
    ("DELETE /v1/me/push-subscriptions/{subscription_id}", None, "401 401 404 404 204 403 403"),
    ("PUT /v1/services/{service_id}", SERVICE, "401 401 403 403 403 403 200"),
    ("GET /v1/services/{service_id}", None, "401 401 403 403 403 403 200"),
    ("POST /v1/orders", ORDER, "401 401 403 403 403 403 201"),
    ("GET /v1/orders", None, "401 401 200 200 200 403 403"),
    ("GET /v1/orders/{order_id}", None, "401 401 404 200 200 200 200"),
    ("GET /v1/orders/{order_id}/actions", None, "401 401 404 200 200 200 200"),
    # Nothing is asked, so nobody can be reminded; others do not know of the order.
    (
        "POST /v1/orders/{order_id}/actions",
        {"action": "remind_requirements"},
        "401 401 404 409 409 403 409",
    ),
    ("GET /v1/orders/{order_id}/requirements", None, "401 401 404 200 200 200 200"),
    ("PUT /v1/orders/{order_id}/requirements", {"answers": {}}, "401 401 404 200 403 403 403"),
    ("GET /v1/orders/{order_id}/notes", None, "401 401 404 200 200 403 403"),
    ("POST /v1/orders/{order_id}/notes", {"body": "A note"}, "401 401 404 201 201 403 403"),
    (
        "PATCH /v1/orders/{order_id}/notes/{note_id}",
        {"body": "A note"},
        "401 401 404 404 200 403 403",
    ),
    ("DELETE /v1/orders/{order_id}/notes/{note_id}", None, "401 401 404 404 204 403 403"),
    ("GET /v1/orders/{order_id}/plan", None, "401 401 404 200 200 200 200"),
    ("PUT /v1/orders/{order_id}/plan", {"tasks": []}, "401 401 404 403 200 403 403"),
    ("PUT /v1/orders/{order_id}/welcome", {"done": []}, "401 401 404 403 200 403 403"),
    ("GET /v1/webhooks", None, "401 401 403 403 403 403 200"),
    ("POST /v1/webhooks", WEBHOOK, "401 401 403 403 403 403 201"),
    ("GET /v1/webhooks/{webhook_id}", None, "401 401 403 403 403 403 200"),
    ("PATCH /v1/webhooks/{webhook_id}", {}, "401 401 403 403 403 403 200"),
    ("POST /v1/webhooks/{webhook_id}/secret", None, "401 401 403 403 403 403 200"),
    ("DELETE /v1/webhooks/{webhook_id}", None, "401 401 403 403 403 403 204"),
    ("GET /v1/contacts", None, "401 401 200 200 200 403 403"),
    ("PUT /v1/contact-grants", GRANT, "401 401 403 403 403 403 200"),
    ("GET /v1/conversations", None, "401 401 200 200 200 403 403"),
    ("POST /v1/conversations", {"with": "<sam>"}, "401 401 201 200 400 403 403"),
    ("GET /v1/conversations/{conversation_id}", None, "401 401 404 200 200 403 403"),
    ("PATCH /v1/conversations/{conversation_id}", {"starred": True}, "401 401 404 200 200 403 403"),
    ("GET /v1/conversations/{conversation_id}/messages", None, "401 401 404 200 200 200 403"),
    (
        "POST /v1/conversations/{conversation_id}/messages",
        {"client_id": "c", "body": "Hello"},
        "401 401 404 201 201 403 403",
    ),
    (
        "POST /v1/conversations/{conversation_id}/messages/check",
        {"body": "Hello"},
        "401 401 404 200 200 403 403",
    ),
    ("PUT /v1/conversations/{conversation_id}/read", {"seq": 1}, "401 401 404 200 200 403 403"),
    ("GET /v1/can-message/{account_id}", None, "401 401 200 200 400 403 403"),
    # None of these is a form, and none speaks tus.
    ("POST /v1/attachments", None, "401 401 415 415 415 403 403"),
    ("OPTIONS /v1/attachments", None, "204 204 204 204 204 204 204"),
    ("HEAD /v1/attachments/{attachment_id}", None, "401 401 412 412 412 403 403"),
    ("GET /v1/attachments/{attachment_id}", None, "401 401 404 200 200 200 403"),
    ("PATCH /v1/attachments/{attachment_id}", None, "401 401 412 412 412 403 403"),
    ("DELETE /v1/attachments/{attachment_id}", None, "401 401 404 404 409 403 403"),
    # A link is asked for no credential, and no credential makes up for its signature.
    ("GET /v1/attachments/{attachment_id}/{form}", None, "404 404 404 404 404 404 404"),
    ("GET /v1/blocks", None, "401 401 200 200 200 403 403"),
    ("PUT /v1/blocks/{account_id}", None, "401 401 201 201 400 403 403"),
    ("DELETE /v1/blocks/{account_id}", None, "401 401 204 204 204 403 403"),
    ("GET /v1/drafts", None, "401 401 200 200 200 403 403"),
    ("GET /v1/conversations/{conversation_id}/draft", None, "401 401 404 200 200 403 403"),
    (
        "PUT /v1/conversations/{conversation_id}/draft",
        {"body": "Hello, I"},
        "401 401 404 200 200 403 403",
    ),
    ("GET /v1/quick-replies", None, "401 401 200 200 200 403 403"),
    (
        "POST /v1/quick-replies",
        {"title": "Hello", "body": "Hello {name}"},
        "401 401 201 201 201 403 403",
    ),
    ("PATCH /v1/quick-replies/{quick_reply_id}", {}, "401 401 404 404 200 403 403"),
    ("DELETE /v1/quick-replies/{quick_reply_id}", None, "401 401 404 404 204 403 403"),
    ("POST /v1/reports", {"account_id": "<bea>", "reason": "spam"}, "401 401 201 400 201 403 403"),
    ("GET /v1/ops/reports", None, "401 401 403 403 403 200 403"),
    ("POST /v1/ops/reports/{report_id}/close", None, "401 401 403 403 403 200 403"),
    ("GET /v1/ops/held-messages", None, "401 401 403 403 403 200 403"),
    # Nothing is held back here.
    (
        "POST /v1/ops/held-messages/{conversation_id}/{seq}/release",
        None,
        "401 401 403 403 403 404 403",
    ),
    (
        "POST /v1/ops/held-messages/{conversation_id}/{seq}/reject",
        None,
        "401 401 403 403 403 404 403",
    ),
    ("GET /v1/search", {"q": "Hello"}, "401 401 200 200 200 403 403"),
    ("GET /v1/notifications", None, "401 401 200 200 200 403 403"),
    ("POST /v1/notifications/read", {}, "401 401 200 200 200 403 403"),
    ("GET /v1/notifications/{notification_id}/trace", None, "401 401 404 404 200 403 403"),
    ("GET /v1/ops/queues", None, "401 401 403 403 403 200 403"),
    ("POST /v1/ops/queues/{channel}/pause", None, "401 401 403 403 403 200 403"),
    ("POST /v1/ops/queues/{channel}/resume", None, "401 401 403 403 403 200 403"),
    ("GET /v1/ops/deliveries", None, "401 401 403 403 403 200 403"),
    ("GET /v1/ops/deliveries/{delivery_id}", None, "401 401 403 403 403 200 403"),
    # What was skipped for want of a device is not sent, nor thrown away.
    ("POST /v1/ops/deliveries/{delivery_id}/retry", None, "401 401 403 403 403 409 403"),
    ("POST /v1/ops/deliveries/{delivery_id}/discard", None, "401 401 403 403 403 409 403"),
    ("POST /v1/ops/deliveries/retry", {}, "401 401 403 403 403 200 403"),
    ("POST /v1/ops/deliveries/discard", {}, "401 401 403 403 403 200 403"),
    ("GET /v1/ops/trace", {"order": "<order_id>"}, "401 401 403 403 403 200 403"),
    ("GET /v1/ops/audit", None, "401 401 403 403 403 200 403"),
    ("GET /v1/ops/suppressions", None, "401 401 403 403 403 200 403"),
    (
        "DELETE /v1/ops/suppressions/{suppression_id}",
        None,
        "401 401 403 403 403 204 403",
    ),
    ("GET /v1/ops/mails", None, "401 401 403 403 403 200 403"),
    ("GET /v1/ops/mails/{mail}", None, "401 401 403 403 403 200 403"),
    (
        "POST /v1/ops/mails/{mail}/test",
        {"to": "olga@example.com"},
        "401 401 403 403 403 200 403",
    ),
    # Whoever knows the secret; here nobody does.
    ("POST /v1/inbound/events", {}, "404 404 404 404 404 404 404"),
    # Whoever holds the link in a mail may act on it.
    ("GET /u/{token}", None, "200 200 200 200 200 200 200"),
    ("POST /u/{token}", None, "200 200 200 200 200 200 200"),
    # This machine may see the figures.
    ("GET /healthz", None, "200 200 200 200 200 200 200"),
    ("GET /readyz", None, "200 200 200 200 200 200 200"),
    ("GET /metrics", None, "200 200 200 200 200 200 200"),
    ("GET /v1/accounts/{account_id}/export", None, "401 401 403 403 403 403 200"),
    # Nobody is erased who still has to deliver.
    ("DELETE /v1/accounts/{account_id}", None, "401 401 403 403 403 403 409"),
    # --- sockets: by each of the transports, and on a connection
    ("connect /connection/websocket", None, "3500 109 ok ok ok ok 3500"),
    ("connect /connection/http_stream", None, "3500 109 ok ok ok ok 3500"),
    ("connect /connection/sse", None, "3500 109 ok ok ok ok 3500"),
    # Only who knows the secret of a stream can say something on it.
    ("connect /emulation", None, "404 404 404 404 404 404 404"),
    ("subscribe thread:<conversation>", None, "3500 109 103 ok ok ok 3500"),
    ("history thread:<conversation>", {"limit": 1}, "3500 109 103 ok ok ok 3500"),
    ("presence thread:<conversation>", None, "3500 109 103 ok ok ok 3500"),
    ("presence_stats thread:<conversation>", None, "3500 109 103 ok ok ok 3500"),
    ("subscribe inbox:<sam>", None, "3500 109 103 103 ok 103 3500"),
    ("history inbox:<sam>", {"limit": 1}, "3500 109 103 103 ok 103 3500"),
    ("presence inbox:<sam>", None, "3500 109 103 103 ok 103 3500"),
    ("presence_stats inbox:<sam>", None, "3500 109 103 103 ok 103 3500"),
    ("subscribe ops:queues", None, "3500 109 103 103 103 ok 3500"),
    ("history ops:queues", {"limit": 1}, "3500 109 103 103 103 ok 3500"),
    ("presence ops:queues", None, "3500 109 103 103 103 ok 3500"),
    ("presence_stats ops:queues", None, "3500 109 103 103 103 ok 3500"),
    ("subscribe thread:of-nobody", None, "3500 109 103 103 103 103 3500"),
    ("subscribe nothing:at-all", None, "3500 109 102 102 102 102 3500"),
    ("rpc message.send", MESSAGE, "3500 109 403 ok ok 403 3500"),
    ("rpc message.check", {"body": "Hello"}, "3500 109 403 ok ok 403 3500"),
    ("rpc draft.save", {"body": "Hello, I"}, "3500 109 403 ok ok 403 3500"),
    ("rpc message.edit", {"seq": 2, "body": "Better"}, "3500 109 403 403 ok 403 3500"),
    ("rpc message.delete", {"seq": 2}, "3500 109 403 403 ok 403 3500"),
    ("rpc receipt.read", {"seq": 1}, "3500 109 403 ok ok 403 3500"),
    ("rpc receipt.delivered", {"seq": 1}, "3500 109 403 ok ok 403 3500"),
    ("rpc receipt.unread", {"seq": 1}, "3500 109 403 ok ok 403 3500"),
    ("rpc typing", {"typing": True}, "3500 109 403 ok ok 403 3500"),
    ("rpc focus", {}, "3500 109 403 ok ok 403 3500"),
    ("rpc nothing", {}, "3500 109 104 104 104 104 3500"),
)

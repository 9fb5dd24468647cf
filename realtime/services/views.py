"""Rows as the outside sees them: the shapes of the HTTP API and of publications."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from domain.contact import Refusal
from domain.conversations import EntryKind
from domain.instants import rfc3339, rfc3339_or_none
from domain.orders import FirstStep, OrderStatus, lateness
from realtime.services import shapes
from storage.rows import Record

# Any of them, where it does not matter which.
Shape = Mapping[str, Any]
People = Mapping[str, shapes.Person]

encode = msgspec.json.Encoder().encode


def person(row: Record) -> shapes.Person:
    """Show what others see of an account."""
    return {"id": row.id, "name": row.name, "avatar_url": row.avatar_url}


def money(amount: int, currency: str) -> shapes.Money:
    """Show an amount in minor units."""
    return {"amount": amount, "currency": currency}


def conversation(
    item: Record, people: People, refusal: Refusal | None = None
) -> shapes.Conversation:
    """Show one conversation as its owner's inbox has it.

    ``refusal`` is why they may not write in it. A message that was let through needs none: whom it
    is from may write, and whoever was written to may answer.
    """
    return {
        "id": item.conversation_id,
        "kind": item.kind,
        "order_id": item.order_id,
        "order": _order_badge(item),
        "with": people[item.with_id],
        "last_message": _last_message(item),
        "last_seq": item.last_seq,
        "read_seq": item.read_seq,
        "unread": item.unread,
        "starred": item.starred,
        "archived": item.archived,
        "muted": item.muted,
        "active_at": rfc3339(item.active_at),
        "can_send": refusal is None,
        "can_send_reason": refusal,
    }


def _order_badge(item: Record) -> shapes.OrderBadge | None:
    if item.order_id is None:
        return None
    return {
        "id": item.order_id,
        "number": item.order_number,
        "title": item.order_title,
        "status": item.order_status,
        "due_at": rfc3339_or_none(item.order_due_at),
    }


def _last_message(item: Record) -> shapes.LastMessage | None:
    if item.last_message_seq is None:
        return None
    return {
        "seq": item.last_message_seq,
        "sender": item.last_message_sender,
        "preview": item.last_message_preview,
        "at": rfc3339(item.last_message_at),
    }


def entry(row: Any) -> shapes.Entry:
    """Show an entry as its thread publishes it; ``row`` is a stored entry or one just made."""
    return _ENTRIES[row.kind](row)


def _message(row: Any) -> shapes.Message:
    shown: shapes.Message = {
        "type": "message",
        "seq": row.seq,
        "id": row.id,
        "sender": row.sender,
        "client_id": row.client_id,
        "body": row.body,
        "reply_to": row.reply_to,
        "attachments": row.attachments,
        "at": rfc3339(row.at),
    }
    if row.data is not None:
        shown["held"] = True
    return shown


def attachment(row: Record) -> shapes.Attachment:
    """Show what never changes of an attachment; links to it are asked for by its id."""
    preview = row.preview or {}
    smaller: shapes.Extent = {"width": preview.get("width", 0), "height": preview.get("height", 0)}
    return {
        "id": row.id,
        "name": row.name,
        "type": row.type,
        "size": row.size,
        "width": row.width,
        "height": row.height,
        "preview": smaller if preview else None,
    }


def _order_event(row: Any) -> shapes.OrderEvent:
    return {
        "type": "order",
        "seq": row.seq,
        "event": row.data["event"],
        "order_id": row.data["order_id"],
        "by": row.sender,
        "at": rfc3339(row.at),
        "data": row.data["data"],
    }


def _edit(row: Any) -> shapes.Edit:
    return {
        "type": "edit",
        "seq": row.seq,
        "of": row.target_seq,
        "body": row.body,
        "by": row.sender,
        "at": rfc3339(row.at),
    }


def _delete(row: Any) -> shapes.Deletion:
    return {
        "type": "delete",
        "seq": row.seq,
        "of": row.target_seq,
        "by": row.sender,
        "at": rfc3339(row.at),
    }


_ENTRIES: Mapping[str, Callable[[Any], shapes.Entry]] = {
    EntryKind.MESSAGE: _message,
    EntryKind.EDIT: _edit,
    EntryKind.DELETE: _delete,
    EntryKind.ORDER: _order_event,
}


def message(row: Record) -> shapes.Message:
    """Show a message as a page of them has it, with what became of it since."""
    shown = _message(row)
    shown["edited_at"] = rfc3339_or_none(row.edited_at)
    shown["deleted_at"] = rfc3339_or_none(row.deleted_at)
    return shown


def page_entry(row: Record) -> shapes.PageEntry:
    """Show what a page of messages has: a message, or what happened to the order."""
    if row.kind == EntryKind.MESSAGE:
        return message(row)
    return _order_event(row)


def order(
    row: Record, people: People, *, now: datetime, very_late_after: timedelta
) -> shapes.Order:
    """Show an order as both sides' lists have it."""
    status = OrderStatus(row.status)
    return {
        "id": row.id,
        "number": row.number,
        "service": {"id": row.service_id, "title": row.service_title},
        "seller": people[row.seller_id],
        "buyer": people[row.buyer_id],
        "price": money(row.price_amount, row.price_currency),
        "status": status,
        "lateness": lateness(status, row.due_at, now, very_late_after),
        "created_at": rfc3339(row.created_at),
        "due_at": rfc3339_or_none(row.due_at),
        "review_ends_at": rfc3339_or_none(row.review_ends_at),
        "conversation_id": row.conversation_id,
        "requirements": {
            "status": row.requirements_status,
            "total": len(row.questions),
            "required": sum(bool(question["required"]) for question in row.questions),
            "answered": len(row.answers),
        },
        "available_actions": [],
        "pending_request": None,
        "version": row.version,
    }


def note(row: Record) -> shapes.Note:
    """Show a private note to its author."""
    return {
        "id": row.id,
        "body": row.body,
        "created_at": rfc3339(row.created_at),
        "updated_at": rfc3339(row.updated_at),
    }


def plan(order: Record) -> shapes.Plan | None:
    """Show an order's plan, if it has one."""
    kept = order.plan
    if not kept:
        return None
    return {
        "tasks": kept["tasks"],
        "approval": kept["approval"],
        "version": kept["version"],
    }


def welcome(order: Record, viewer: str) -> shapes.Welcome | None:
    """Show the seller the first steps with a new order, as far as they are done."""
    if viewer != order.seller_id or not order.active:
        return None
    done = order.welcome or []
    return {"items": [{"id": step, "done": step in done} for step in FirstStep]}


def timeline_entry(row: Record) -> shapes.TimelineEntry:
    """Show one line of an order's history."""
    return {
        "seq": row.seq,
        "type": row.type,
        "actor": row.actor,
        "at": rfc3339(row.at),
        "data": row.data,
    }


def badge(inbox: Record) -> shapes.Badge:
    """Show an account's counts; absolute, never increments."""
    return {
        "type": "badge",
        "unread_conversations": inbox.unread_conversations,
        "unread_notifications": inbox.unread_notifications,
    }


def service(row: Record) -> shapes.Service:
    """Show a service."""
    return {
        "id": row.id,
        "seller_id": row.seller_id,
        "title": row.title,
        "status": row.status,
        "delivery_days": row.delivery_days,
        "requirements": row.questions,
        "version": row.version,
        "created_at": rfc3339(row.created_at),
        "updated_at": rfc3339(row.updated_at),
    }


def notification(row: Record) -> shapes.Notification:
    """Show what an account should know, in the words that it was planned with."""
    return {
        "id": row.id,
        "category": row.category,
        "title": row.title,
        "body": row.body,
        "at": rfc3339(row.at),
        "read_at": rfc3339_or_none(row.read_at),
        "link": row.link,
        "cause": row.cause,
        "order_id": row.order_id,
        "conversation_id": row.conversation_id,
    }

"""What a notification is about, and whether it is still news when it is told. Pure."""

from dataclasses import dataclass

from domain.orders import OrderStatus
from domain.preferences import Category, Channel, Preferences
from realtime.delivery.gate import ENDED_BY_CANCELLATION
from realtime.delivery.threads import Thread
from storage.rows import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """An order, or the unread messages of a conversation, as they are now; None where gone."""

    order_id: str | None
    conversation_id: str | None
    order: Record | None
    thread: Thread | None

    @property
    def is_there(self) -> bool:
        """Tell whether it is about nothing that is gone."""
        if self.conversation_id is not None:
            return self.thread is not None
        return self.order_id is None or self.order is not None

    @property
    def is_cancelled(self) -> bool:
        """Tell whether its order was cancelled."""
        return self.order is not None and self.order.status == OrderStatus.CANCELLED

    @property
    def is_overtaken(self) -> bool:
        """Tell whether its order was cancelled after the newest of its messages."""
        if self.order is None or self.thread is None or not self.thread.messages:
            return False
        overtaken: bool = self.thread.messages[-1].at <= self.order.updated_at
        return self.is_cancelled and overtaken


def is_news(told: Record, topic: Topic, wishes: Preferences, channel: Channel) -> bool:
    """Tell whether a notification would go out, had it no company."""
    category = Category(told.category)
    if not topic.is_there or not wishes.wants(category, channel):
        return False
    if topic.thread is not None:
        view = topic.thread.view
        heard = not view.muted and not view.blocked
        return heard and bool(topic.thread.messages) and not topic.is_overtaken
    over = topic.is_cancelled and category in ENDED_BY_CANCELLATION
    return told.read_at is None and not over

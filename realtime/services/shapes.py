"""What the outside is shown: the shapes of answers and publications, as the API describes them.

A shape that one service alone shows stands beside that service.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Generic, Literal, NotRequired, TypedDict, TypeVar

from msgspec import Meta

from domain.contact import Refusal
from domain.conversations import ConversationKind
from domain.lifecycle import Action, PlanApproval, RequestKind
from domain.orders import FirstStep, Lateness, OrderStatus
from domain.preferences import Category
from domain.requirements import QuestionKind, RequirementsStatus

Id = Annotated[str, Meta(examples=["01919b2f-4c5e-7a6b"])]
Time = Annotated[
    str,
    Meta(
        examples=["2026-11-23T10:00:00.123Z"],
        extra_json_schema={"format": "date-time"},
    ),
]
Count = Annotated[int, Meta(ge=0)]

T = TypeVar("T")


class Page(TypedDict, Generic[T]):
    """A page of a list; `next_cursor` asks for the next one, null says that this is the last."""

    items: list[T]
    next_cursor: str | None


class Person(TypedDict):
    """What others see of an account."""

    id: Id
    name: str
    avatar_url: str | None


class Money(TypedDict):
    """An amount in minor units of an ISO 4217 currency."""

    amount: Annotated[int, Meta(ge=0, examples=[12_050])]
    currency: Annotated[str, Meta(examples=["EUR"])]


# --- conversations --------------------------------------------------------------------------------


class OrderBadge(TypedDict):
    """What a conversation shows of its order."""

    id: Id
    number: str
    title: str
    status: OrderStatus
    due_at: Time | None


class LastMessage(TypedDict):
    """The newest message, on one line."""

    seq: Count
    sender: Id
    preview: str
    at: Time


_Summary = TypedDict(
    "_Summary",
    {
        "id": Id,
        "kind": ConversationKind,
        "order_id": Id | None,
        "order": OrderBadge | None,
        "with": Person,
        "last_message": LastMessage | None,
        "last_seq": Count,
        "read_seq": Count,
        "unread": Count,
        "starred": bool,
        "archived": bool,
        "muted": bool,
        "active_at": Time,
        "can_send": bool,
        "can_send_reason": Refusal | None,
    },
)


class Conversation(_Summary):
    """A conversation as its owner's inbox has it; counts are absolute."""


class Extent(TypedDict):
    """How large a picture is, in pixels."""

    width: Count
    height: Count


class Attachment(TypedDict):
    """A file that is part of something; `GET /v1/attachments/{id}` gives links to it.

    Width and height are those of a picture, and `preview` those of a smaller one.
    """

    id: Id
    name: str
    type: str
    size: Count | None
    width: Count | None
    height: Count | None
    preview: Extent | None


class Message(TypedDict):
    """A message, as its thread publishes it; pages of messages add what became of it.

    Of one that is `held` the text is shown when an operator has let it through.
    """

    type: Literal["message"]
    seq: Count
    id: Id
    sender: Id
    client_id: str
    body: str
    reply_to: int | None
    attachments: Sequence[Attachment]
    at: Time
    held: NotRequired[Literal[True]]
    edited_at: NotRequired[Time | None]
    deleted_at: NotRequired[Time | None]


class OrderEvent(TypedDict):
    """Something that happened to a conversation's order."""

    type: Literal["order"]
    seq: Count
    event: str
    order_id: Id
    by: Id
    at: Time
    data: Mapping[str, Any]


class Edit(TypedDict):
    """The message `of` has another text now."""

    type: Literal["edit"]
    seq: Count
    of: Count
    body: str
    by: Id
    at: Time


class Deletion(TypedDict):
    """The message `of` was taken back."""

    type: Literal["delete"]
    seq: Count
    of: Count
    by: Id
    at: Time


def _one_of(*shapes: type) -> Meta:
    """Describe what is one of several shapes: msgspec has no words for that."""
    refs = [{"$ref": f"#/components/schemas/{shape.__name__}"} for shape in shapes]
    return Meta(extra={"one_of": shapes}, extra_json_schema={"oneOf": refs})


Entry = Message | OrderEvent | Edit | Deletion
PageEntry = Annotated[Mapping[str, Any], _one_of(Message, OrderEvent)]


class MayWrite(TypedDict):
    """Whether one may write to somebody; if not, why, and what would unlock it."""

    allowed: bool
    reason: Refusal | None
    unlocked_by: Sequence[str]


class MessagePage(TypedDict):
    """A page of a conversation, ascending, and whether there is more on either side."""

    items: Sequence[PageEntry]
    has_before: bool
    has_after: bool


class Receipt(TypedDict):
    """How far an account has read, and has on one of its devices."""

    account: Id
    read_seq: Count
    delivered_seq: Count


# --- orders ---------------------------------------------------------------------------------------


class ServiceName(TypedDict):
    """The service of an order, as it was called when it was ordered."""

    id: Id
    title: str


class RequirementsBadge(TypedDict):
    """How far the answers to an order's questions are."""

    status: RequirementsStatus
    total: Count
    required: Count
    answered: Count


class PendingRequest(TypedDict):
    """What one side has asked the other, and until when it waits for an answer."""

    kind: RequestKind
    by: Id
    at: Time
    expires_at: Time
    days: int
    reason: str


class OpenActions(TypedDict):
    """What can be done with an order by whoever asks, as of a version of it."""

    available_actions: Sequence[Action]
    version: Count


class Order(TypedDict):
    """An order as both sides' lists have it."""

    id: Id
    number: str
    service: ServiceName
    seller: Person
    buyer: Person
    price: Money
    status: OrderStatus
    lateness: Lateness
    created_at: Time
    due_at: Time | None
    review_ends_at: Time | None
    conversation_id: Id
    requirements: RequirementsBadge
    available_actions: Sequence[Action]
    pending_request: PendingRequest | None
    version: Count


class TimelineEntry(TypedDict):
    """One line of an order's history; `actor` is an account, `system` or `marketplace`."""

    seq: Count
    type: str
    actor: str
    at: Time
    data: Mapping[str, Any]


class Note(TypedDict):
    """A private note."""

    id: Id
    body: str
    created_at: Time
    updated_at: Time


class Task(TypedDict):
    """One task of a plan."""

    id: Id
    title: str
    due_at: Time | None
    done: bool


class Plan(TypedDict):
    """An order's tasks, and how far they are agreed upon."""

    tasks: Sequence[Task]
    approval: PlanApproval
    version: Count


class WelcomeStep(TypedDict):
    """One of the first steps with a new order."""

    id: FirstStep
    done: bool


class Welcome(TypedDict):
    """The first steps with a new order, for its seller."""

    items: Sequence[WelcomeStep]


class WholeOrder(Order):
    """An order's page, for one of its two sides or who looks after them."""

    counterpart: Person
    timeline: Sequence[TimelineEntry]
    notes: Sequence[Note]
    plan: Plan | None
    welcome: Welcome | None
    direct_conversation_id: Id | None
    recent_messages: Sequence[PageEntry]


class Question(TypedDict):
    """What a seller asks of each client."""

    id: Id
    kind: QuestionKind
    prompt: str
    required: bool
    options: Sequence[str]
    multiple: bool


class Service(TypedDict):
    """What a seller offers."""

    id: Id
    seller_id: Id
    title: str
    status: Literal["pending", "approved", "paused", "rejected"]
    delivery_days: int
    requirements: Sequence[Question]
    version: Count
    created_at: Time
    updated_at: Time


# --- inboxes --------------------------------------------------------------------------------------


class Badge(TypedDict):
    """An account's counts; absolute, never increments."""

    type: Literal["badge"]
    unread_conversations: Count
    unread_notifications: Count


class Notification(TypedDict):
    """What an account should know, in the words that it was planned with."""

    id: Id
    category: Category
    title: str
    body: str
    at: Time
    read_at: Time | None
    link: str
    cause: str
    order_id: Id | None
    conversation_id: Id | None

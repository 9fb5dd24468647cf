"""The actions on orders as requests: each with what comes along with it."""

from domain.lifecycle import Action
from realtime.api.bodies import AccountId, Body
from realtime.services.order_commands import (
    Answers,
    Approval,
    AskForChanges,
    AskForTime,
    AskToCancel,
    Data,
    Deliver,
    ForApproval,
    NoteText,
    Nothing,
    Say,
    SendBack,
)


class Act(Body, frozen=True, tag_field="action"):
    """An action; `actor` is whom the marketplace acts for: an account, or `system`."""

    data: Data
    actor: AccountId | None = None

    @property
    def action(self) -> Action:
        """Say which action it is."""
        return Action(str(type(self).__struct_config__.tag))


class SubmitRequirements(Act, frozen=True, tag="submit_requirements"):
    """The buyer answers the seller's questions; the delivery clock starts."""

    data: Answers


class SkipRequirements(Act, frozen=True, tag="skip_requirements"):
    """The seller begins without answers; the delivery clock starts."""

    data: Nothing = Nothing()


class RemindRequirements(Act, frozen=True, tag="remind_requirements"):
    """The seller reminds of open questions, at most once a day."""

    data: Nothing = Nothing()


class DeliverWork(Act, frozen=True, tag="deliver"):
    """The seller delivers; the review begins."""

    data: Deliver = Deliver()


class RequestRevision(Act, frozen=True, tag="request_revision"):
    """The buyer asks for changes to what was delivered."""

    data: AskForChanges


class Accept(Act, frozen=True, tag="accept"):
    """The buyer accepts what was delivered; the order is completed."""

    data: Nothing = Nothing()


class RequestExtension(Act, frozen=True, tag="request_extension"):
    """One side asks the other for more days."""

    data: AskForTime


class RequestCancellation(Act, frozen=True, tag="request_cancellation"):
    """One side asks the other to cancel the order."""

    data: AskToCancel


class AcceptRequest(Act, frozen=True, tag="accept_request"):
    """The other side agrees to what was asked."""

    data: Nothing = Nothing()


class DeclineRequest(Act, frozen=True, tag="decline_request"):
    """The other side does not agree to what was asked."""

    data: Say = Say()


class WithdrawRequest(Act, frozen=True, tag="withdraw_request"):
    """Who asked takes it back."""

    data: Nothing = Nothing()


class Cancel(Act, frozen=True, tag="cancel"):
    """The buyer cancels while it has not begun or is very late; the marketplace at any time."""

    data: Say = Say()


class AddNote(Act, frozen=True, tag="add_note"):
    """One side notes something for itself."""

    data: NoteText


class SendPlan(Act, frozen=True, tag="send_plan"):
    """The seller sends the plan for approval, or a draft, or both."""

    data: ForApproval = ForApproval()


class ApprovePlan(Act, frozen=True, tag="approve_plan"):
    """The buyer approves the plan, or the draft: that of a `version`, if it is named."""

    data: Approval = Approval()


class ReturnPlan(Act, frozen=True, tag="return_plan"):
    """The buyer sends the plan, or the draft, back."""

    data: SendBack


OrderAct = (
    SubmitRequirements
    | SkipRequirements
    | RemindRequirements
    | DeliverWork
    | RequestRevision
    | Accept
    | RequestExtension
    | RequestCancellation
    | AcceptRequest
    | DeclineRequest
    | WithdrawRequest
    | Cancel
    | AddNote
    | SendPlan
    | ApprovePlan
    | ReturnPlan
)

"""The words of the ledger: what was decided about a delivery, and why.

Each reason is said in every language under ``explained`` in ``locales/*.toml``.
"""

from enum import StrEnum


class Decision(StrEnum):
    """What was decided."""

    PLANNED = "planned"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    ATTEMPTED = "attempted"
    ACCEPTED = "accepted"
    RETRIED = "retried"  # it waits for its next moment
    UNCERTAIN = "uncertain"
    DEAD = "dead"


class Reason(StrEnum):
    """Why it was decided: ledger codes, public and stable."""

    # planned
    AT_ONCE = "at_once"  # alerts of its category go out at once
    IF_UNREAD = "if_unread"  # it waits, and goes out if the messages are unread by then
    DUE_SOON = "due_soon"  # its order is due so soon that it does not wait
    # skipped
    PREFERENCE_OFF = "preference_off"  # the account switched it off
    NO_SUBSCRIPTION = "no_subscription"  # no device of the account takes pushes
    NO_ADDRESS = "no_address"  # the account has no mail address
    SUPPRESSED = "suppressed"  # mails to this address came back
    SUBSCRIPTION_GONE = "subscription_gone"  # this device takes no more pushes, others do
    ENDPOINT_DISABLED = "endpoint_disabled"  # nothing is sent to this webhook any more
    KEY_MISMATCH = "key_mismatch"  # this device subscribed with another key than ours
    MUTED = "muted"  # the account muted the conversation
    BLOCKED = "blocked"  # the account blocked who wrote
    IN_FOCUS = "in_focus"  # its reader has the conversation before their eyes
    JOINED = "joined"  # another alert, which waits for the same, tells it along with its own
    # waits
    QUIET_HOURS = "quiet_hours"  # the account wants to be left alone just now
    BATCHED = "batched"  # a mail about the order went out just now; the next tells all since
    CAPPED = "capped"  # the account was sent much within the hour; the next tells all since
    MAILED_LATELY = "mailed_lately"  # a mail about the conversation went out within the hour
    REPLAYED = "replayed"  # an operator has it sent again
    # cancelled
    DISCARDED = "discarded"  # an operator threw it away
    READ = "read"  # it was read meanwhile
    ORDER_CANCELLED = "order_cancelled"
    ACCOUNT_ERASED = "account_erased"  # whom it was for is gone
    GONE = "gone"  # what it is about, or whom it is for, is no longer there
    # waits, and costs no attempt: our own configuration
    NO_RELAY = "no_relay"  # no mail server is configured
    NO_VAPID_KEY = "no_vapid_key"  # no key for pushes is configured
    VAPID_REFUSED = "vapid_refused"
    RELAY_REFUSED_LOGIN = "relay_refused_login"
    RELAY_NOT_TRUSTED = "relay_not_trusted"
    DOMAIN_RESTING = "domain_resting"  # the recipient's domain puts off one mail after the other
    RELAYS_RESTING = "relays_resting"  # no mail server is asked just now: all have failed
    # taken
    SENT = "sent"
    # their moment of weakness, or the network's
    RATE_LIMITED = "rate_limited"
    TRY_LATER = "try_later"
    MAILBOX_FULL = "mailbox_full"
    CONNECTION_FAILED = "connection_failed"
    TIMEOUT = "timeout"
    # nobody knows
    ANSWER_LOST = "answer_lost"  # the whole mail went out, its answer never came
    WORKER_LOST = "worker_lost"  # the worker ended while it was sending
    # the end
    EXPIRED = "expired"  # its life ended before it could be sent
    POISON = "poison"  # three workers crashed on it, or failed to put it into words
    BAD_ADDRESS = "bad_address"
    HARD_BOUNCE = "hard_bounce"
    POLICY_REFUSED = "policy_refused"
    COMPLAINT = "complaint"  # it arrived, and was called unwanted
    BAD_ENDPOINT = "bad_endpoint"
    ENDPOINT_GONE = "endpoint_gone"  # a webhook said that it wants nothing more
    ENDPOINT_FAILS = "endpoint_fails"  # a webhook has failed for days
    BAD_KEYS = "bad_keys"
    BAD_REQUEST = "bad_request"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    REFUSED = "refused"

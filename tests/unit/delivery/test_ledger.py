"""The ledger in words: every reason, on every channel it can come from, in every language."""

import itertools

import pytest

from domain.preferences import Category, Channel
from realtime.delivery.ledger import explain
from realtime.delivery.locales.catalogue import LANGUAGES, disagreements
from realtime.delivery.reasons import Decision, Reason

PUSH_ALONE = {
    Reason.NO_SUBSCRIPTION,
    Reason.SUBSCRIPTION_GONE,
    Reason.KEY_MISMATCH,
    Reason.NO_VAPID_KEY,
    Reason.VAPID_REFUSED,
    Reason.RATE_LIMITED,
    Reason.BAD_ENDPOINT,
    Reason.BAD_KEYS,
    Reason.BAD_REQUEST,
    Reason.PAYLOAD_TOO_LARGE,
}
MAIL_ALONE = {
    Reason.NO_ADDRESS,
    Reason.NO_RELAY,
    Reason.RELAY_REFUSED_LOGIN,
    Reason.RELAY_NOT_TRUSTED,
    Reason.RELAYS_RESTING,
    Reason.MAILBOX_FULL,
    Reason.ANSWER_LOST,
    Reason.BAD_ADDRESS,
    Reason.HARD_BOUNCE,
    Reason.POLICY_REFUSED,
}
POSSIBLE = [
    (channel, reason)
    for channel, reason in itertools.product(Channel, Reason)
    if reason not in (PUSH_ALONE if channel is Channel.EMAIL else MAIL_ALONE)
]


def a_step(**changes: str) -> dict[str, str]:
    return {"channel": "push", "decision": Decision.SKIPPED, "reason": Reason.READ} | changes


def test_all_languages_explain_the_same() -> None:
    assert disagreements() == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("channel", "reason"), POSSIBLE)
def test_each_reason_has_its_sentence(language: str, channel: Channel, reason: Reason) -> None:
    step = a_step(channel=channel, reason=reason)
    told = explain(step, category=Category.NEW_ORDER, locale=language)
    assert told.endswith(".")
    assert "{" not in told


def test_an_explanation_is_in_the_language_of_the_account() -> None:
    step = a_step(channel="email", reason=Reason.PREFERENCE_OFF)
    assert explain(step, category="new_order", locale="de-AT") == (
        "„Neuer Auftrag“ ist für E-Mail ausgeschaltet."
    )
    assert explain(step, category="new_order", locale="fr") == (
        "“New order” is switched off for e-mail."
    )


@pytest.mark.parametrize(
    ("decision", "told"),
    [
        (Decision.RETRIED, "The push service did not answer in time. It is tried again later."),
        (Decision.DEAD, "The push service did not answer in time. It is not tried again."),
    ],
)
def test_a_failure_says_what_follows(decision: Decision, told: str) -> None:
    step = a_step(decision=decision, reason=Reason.TIMEOUT)
    assert explain(step, category="new_order", locale="en") == told


def test_an_attempt_is_told_by_its_number() -> None:
    step = a_step(decision=Decision.ATTEMPTED, reason=Reason.SENT)
    told = explain(step, category="new_order", locale="de", attempt=2)
    assert told == "Versuch 2: Der Push-Dienst hat es angenommen."

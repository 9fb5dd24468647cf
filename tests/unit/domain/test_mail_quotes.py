"""What is new in a reply by mail, as German and English mail programs write one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.mail_quotes import reply_text

QUOTE = "> Hi Sam,\n> A message is waiting for you.\n>\n> View it: https://market.example/x\n"


@pytest.mark.parametrize(
    "below",
    [
        f"On Mon, Nov 23, 2026 at 10:00 AM Orderwire <no-reply@market.example> wrote:\n{QUOTE}",
        f"On Mon, Nov 23, 2026 at 10:00 AM Orderwire\n<no-reply@market.example> wrote:\n\n{QUOTE}",
        f"On 23 Nov 2026, at 10:00, Orderwire\n<reply+abc@reply.market.example>\nwrote:\n{QUOTE}",
        f"Am Mo., 23. Nov. 2026 um 10:00 Uhr schrieb Orderwire <no-reply@market.example>:\n{QUOTE}",
        f"Am 23.11.2026 um 10:00 schrieb Orderwire:\n{QUOTE}",
        f"Am 23.11.26 um 10:00 schrieb\nOrderwire <no-reply@market.example>:\n\n{QUOTE}",
        f"Orderwire <no-reply@market.example> schrieb am Mo., 23. Nov. 2026, 10:00:\n{QUOTE}",
        "-----Original Message-----\nFrom: Orderwire\nSent: Monday\nTo: Sam\nSubject: x\n\nHi Sam,",
        "-----Ursprüngliche Nachricht-----\nVon: Orderwire\nGesendet: Montag\n\nHallo Sam,",
        "-------- Original-Nachricht --------\nHallo Sam,",
        "________________________________\nVon: Orderwire <x@y>\nGesendet: Montag\n\nHallo",
        "________________________________________\nFrom: Orderwire\nSent: Monday\n\nHi Sam,",
        "From: Orderwire <no-reply@market.example>\nSent: Monday, 23 November 2026\nTo: Sam\n\nHi",
        "Von: Orderwire <no-reply@market.example>\nDatum: Montag, 23. November\n\nHallo",
        "*From:* Orderwire\n*Date:* Monday\n*To:* Sam\n\nHi Sam,",
        "________________________________\n\nVon: Orderwire\n\nGesendet: Montag\n\nHallo",
        "On Mon, Nov 23, 2026 at 10:00 AM Orderwire wrote:\n\nHi Sam,\nA message is waiting.",
        QUOTE,
        "Sent from my iPhone\n\nOn 23. Nov 2026, at 10:00, Orderwire wrote:\n" + QUOTE,
        "Von meinem iPhone gesendet\n\nAm 23.11.2026 um 10:00 schrieb Orderwire:\n" + QUOTE,
        "-- \nSam Seller\nLogos and more\n",
        "Gesendet mit der GMX Mail App",
        "Get Outlook for Android",
        "",
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_what_stands_below_an_answer_is_not_part_of_it(below: str, ending: str) -> None:
    mail = f"Yes, by Friday.\n\nBest,\nSam\n\n{below}".replace("\n", ending)
    assert reply_text(mail) == "Yes, by Friday.\n\nBest,\nSam"


@pytest.mark.parametrize(
    "text",
    [
        "On the logo: what you wrote is fine.",
        "Am Montag geht es leider nicht.\nVon mir aus Dienstag.",
        "From: where do you ship?\nThanks",
        "From here on it is easy",
        "a > b\n\nbut c",
        "----\nIn short: no.",
        "Von: Berlin",
        "On the one hand\non the other\nand so on",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert reply_text(text) == text


def test_answers_between_the_lines_of_a_quote_keep_what_they_answer() -> None:
    mail = "On Monday Orderwire wrote:\n> Which colour?\nBlue.\n> And by when?\nFriday.\n"
    assert reply_text(mail) == mail.strip()
    mail = "Am Montag schrieb Orderwire:\n> Which colour?\nBlue.\n-- \nSam\n"
    assert reply_text(mail) == "Am Montag schrieb Orderwire:\n> Which colour?\nBlue."


def test_a_mail_of_quotes_alone_says_nothing() -> None:
    assert reply_text(f"\n\nOn Monday Orderwire wrote:\n{QUOTE}") == ""


@given(st.text(alphabet=st.sampled_from("OnAm wrote:schieb>\n-_From: \u00fc\r"), max_size=400))
def test_nothing_is_invented(text: str) -> None:
    """Whatever comes, what is left is lines of it, and stripping again changes nothing."""
    left = reply_text(text)
    given_lines = {line.rstrip() for line in text.replace("\r\n", "\n").split("\n")}
    assert {line.rstrip() for line in left.split("\n")} <= given_lines | {""}

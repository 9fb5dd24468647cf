"""The forms that texts of the API have to have, and how each is told to whoever missed it."""

from domain.identity import ID_PATTERN
from domain.queue import ADDRESSEE_PATTERN
from domain.texts import SEEN_PATTERN
from realtime.decoding import Words

ID_FORM = rf"\A{ID_PATTERN}\Z"
ADDRESSEE_FORM = rf"\A{ADDRESSEE_PATTERN}\Z"
# One line, with something to see in it.
_LINE = r"[^\x00-\x1f\x7f\u0085\u2028\u2029]*"
NAME_FORM = rf"\A{_LINE}{SEEN_PATTERN}{_LINE}\Z"
SEEN_FORM = SEEN_PATTERN
PRINTABLE_FORM = r"\A[\x20-\x7e\xa1-\xac\xae-\xff]*\Z"
EMAIL_FORM = r"\A[^@\s<>,;\"()\x00-\x1f]+@[^@\s<>,;\"()\x00-\x1f]+\Z"
# A language tag (RFC 5646, 2.1): language, script, region, variants, extensions, private use. Those
# that stand for a whole word and were never given out are left out: "german" is a mistake.
LOCALE_FORM = (
    r"\A[A-Za-z]{2,3}([-_][A-Za-z]{3}){0,3}"
    r"([-_][A-Za-z]{4})?([-_]([A-Za-z]{2}|[0-9]{3}))?"
    r"([-_]([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"
    r"([-_][0-9A-WY-Za-wy-z]([-_][A-Za-z0-9]{2,8})+)*"
    r"([-_][Xx]([-_][A-Za-z0-9]{1,8})+)?\Z"
)
KINDS_FORM = r"\A(messages|people|orders)(,(messages|people|orders)){0,9}\Z"
TIME_FORM = r"\A([01][0-9]|2[0-3]):[0-5][0-9]\Z"
URL_FORM = r"\Ahttps?://"

ID_WORDS = "has 1 to 64 of the characters A-Z a-z 0-9 . _ ~ -"
WORDS = Words(
    {
        ID_FORM: ID_WORDS,
        ADDRESSEE_FORM: f"{ID_WORDS}, behind webhook: if it is one",
        NAME_FORM: "is one line with something to see in it",
        PRINTABLE_FORM: "has printable characters alone",
        SEEN_FORM: "has something to see in it",
        EMAIL_FORM: "is no e-mail address",
        LOCALE_FORM: "is no language tag of BCP 47, such as de or en-GB",
        KINDS_FORM: "names some of messages, people, orders",
        TIME_FORM: "is a time of day such as 22:00",
        URL_FORM: "begins with https:// or http://",
    }
)

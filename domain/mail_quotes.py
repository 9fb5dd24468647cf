"""What somebody wrote in a reply by mail, without what they replied to. Pure.

Mail programs put the mail that is answered below the answer, each in its own way; the shapes here
are those of German and English ones. What is quoted above an answer is left: the answer means it.
"""

import re
from collections.abc import Sequence

# "On Mon, Nov 23, 2026 at 10:00 AM Orderwire wrote:"; programs break it into up to three lines.
_ATTRIBUTIONS = re.compile(
    r"(On\b.{4,250}\bwrote\s?:|Am\b.{4,250}\bschrieb\b.{0,120}:|.{1,120}\bschrieb am\b.{4,120}:)",
    re.IGNORECASE,
)
_MOST_ATTRIBUTION_LINES = 3
_DIVIDERS = re.compile(
    r"[-_\s]*("
    r"Original Message|Original-Nachricht|Ursprüngliche Nachricht|Originalnachricht"
    r"|Forwarded message|Weitergeleitete Nachricht"
    r")[-_\s]*",
    re.IGNORECASE,
)
_LINE = re.compile(r"_{20,}|-{20,}")
# The head of the mail that is answered, as Outlook shows it.
_FIRST_FIELD = re.compile(r"\*?(From|Von)\s?:\*?\s.*", re.IGNORECASE)
_NEXT_FIELD = re.compile(
    r"\*?(Sent|Gesendet|Date|Datum|To|An|Subject|Betreff|Cc)\s?:\*?\s.*", re.IGNORECASE
)
_SIGNED_BY_A_DEVICE = re.compile(
    r"(Sent from (my|Outlook|Mail|Yahoo)\b.*|Get Outlook for\b.*"
    r"|(Von|Gesendet von|Gesendet mit)\b.*\b(gesendet|iPhone|iPad|Handy|Smartphone|Android\S*"
    r"|Outlook\b.*|Mail\b.*)\.?)",
    re.IGNORECASE,
)
_SIGNATURE = "-- "


def reply_text(text: str) -> str:
    """Return the new part of a reply, without trailing space; empty if there is none."""
    lines = [line.rstrip("\r") for line in text.replace("\r\n", "\n").split("\n")]
    lines = lines[: _end_of_reply(lines)]
    lines = _without_quote_below(lines)
    while lines and (not lines[-1].strip() or _SIGNED_BY_A_DEVICE.fullmatch(lines[-1].strip())):
        lines.pop()
    while lines and not lines[0].strip():
        lines.pop(0)
    return "\n".join(line.rstrip() for line in lines)


def _end_of_reply(lines: Sequence[str]) -> int:
    """Find the line where the mail that is answered begins, or the signature."""
    for at, line in enumerate(lines):
        if line == _SIGNATURE or _begins_original(lines, at):
            return at
    return len(lines)


def _begins_original(lines: Sequence[str], at: int) -> bool:
    line = lines[at].strip()
    if not line:
        return False
    if _DIVIDERS.fullmatch(line):
        return True
    if _is_head(lines, at) or (_LINE.fullmatch(line) and _is_head(lines, _next(lines, at))):
        return True
    return _is_attribution(lines, at)


def _is_head(lines: Sequence[str], at: int) -> bool:
    if at >= len(lines) or not _FIRST_FIELD.fullmatch(lines[at].strip()):
        return False
    following = _next(lines, at)
    return following < len(lines) and bool(_NEXT_FIELD.fullmatch(lines[following].strip()))


def _next(lines: Sequence[str], at: int) -> int:
    """Return the place of the next line that says something."""
    at += 1
    while at < len(lines) and not lines[at].strip():
        at += 1
    return at


def _is_attribution(lines: Sequence[str], at: int) -> bool:
    """Tell whether here stands who wrote what is quoted, and nothing but the quote follows."""
    joined = ""
    for end in range(at, min(at + _MOST_ATTRIBUTION_LINES, len(lines))):
        joined = f"{joined} {lines[end].strip()}".strip()
        if _ATTRIBUTIONS.fullmatch(joined):
            return not _is_answered_between(lines[end + 1 :])
        if not lines[end].strip():
            return False
    return False


def _is_answered_between(lines: Sequence[str]) -> bool:
    """Tell whether somebody wrote between the lines of a quote."""
    quoted = [line.startswith(">") for line in lines]
    if True not in quoted:
        return False
    last = len(lines) - 1 - quoted[::-1].index(True)
    below = lines[last + 1 :]
    between = [line for line, is_quote in zip(lines[:last], quoted, strict=False) if not is_quote]
    first = quoted.index(True)
    return any(line.strip() for line in [*between[first:], *_written(below)])


def _written(lines: Sequence[str]) -> Sequence[str]:
    """Return what stands before a signature."""
    for at, line in enumerate(lines):
        if line == _SIGNATURE:
            return lines[:at]
    return lines


def _without_quote_below(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and (lines[end - 1].startswith(">") or not lines[end - 1].strip()):
        end -= 1
    return lines[:end]

"""What can be seen of a text: not spaces, and not characters that only steer how text is shown."""

import re

# The inside of a class of characters in a pattern. Besides spaces and control characters these are
# those that Unicode has ignored by default (fillers, joiners, marks of direction, selectors of
# variants, tags), and the pattern of Braille that has no dot. Those of other planes stand for
# themselves: readers of patterns agree on no way to write them.
UNSEEN = (
    r"\s\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    f"{chr(0x1BCA0)}-{chr(0x1BCA3)}{chr(0x1D173)}-{chr(0x1D17A)}{chr(0xE0000)}-{chr(0xE0FFF)}"
)
SEEN_PATTERN = rf"[^{UNSEEN}]"
_SEEN = re.compile(SEEN_PATTERN)


def is_blank(text: str) -> bool:
    """Tell whether nothing of a text can be seen.

    >>> is_blank(" \\u3164"), is_blank(" 1\\ufe0f\\u20e3")
    (True, False)
    """
    return _SEEN.search(text) is None

"""One setting: how it is read, and what to say of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Setting:
    """How a setting is read; its default is written as its user would write it."""

    parse: Callable[[str], Any]
    default: str
    help_line: str
    secret: bool = False

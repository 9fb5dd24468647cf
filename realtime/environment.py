"""Where settings come from: the environment, and before it a ``.env`` file."""

import re
from collections.abc import Mapping
from pathlib import Path

from realtime.settings import PREFIX, BadSettings

_LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*)")
_QUOTED = re.compile(r"(?P<quote>[\"'])(?P<text>.*)(?P=quote)\s*(?:#.*)?")
_COMMENT = re.compile(r"(?:^|\s)#.*$")


def read_environment(environment: Mapping[str, str], env_file: Path) -> dict[str, str]:
    """Return the texts of all settings; the environment goes before the file."""
    ours = {name: text for name, text in environment.items() if name.startswith(PREFIX)}
    return read_env_file(env_file) | ours


def read_env_file(path: Path) -> dict[str, str]:
    """Read ``NAME=value`` lines, quoted or not; a file that is not there says nothing."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeError) as error:
        raise BadSettings([f"{path}: cannot be read: {_why(error)}"]) from None
    return dict(_assignments(path, lines))


def _assignments(path: Path, lines: list[str]) -> list[tuple[str, str]]:
    found, mistakes = [], []
    for number, line in enumerate(map(str.strip, lines), 1):
        if not line or line.startswith("#"):
            continue
        assignment = _LINE.fullmatch(line)
        if assignment is None:
            # The line itself is not shown: it may be half of a secret.
            mistakes.append(f"{path}, line {number}: is not NAME=value")
        else:
            found.append((assignment["name"], _value(assignment["value"])))
    if mistakes:
        raise BadSettings(mistakes)
    return found


def _value(text: str) -> str:
    quoted = _QUOTED.fullmatch(text)
    return quoted["text"] if quoted else _COMMENT.sub("", text).strip()


def _why(error: OSError | UnicodeError) -> str:
    return error.strerror or "" if isinstance(error, OSError) else "it is not UTF-8"

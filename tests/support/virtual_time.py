"""An event loop whose clock jumps to the next thing that is due: no test ever waits for time."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

Outcome = TypeVar("Outcome")
Arguments = ParamSpec("Arguments")


class NothingLeft(Exception):
    """Everybody waits, and nothing will ever happen."""


class _Hurried(selectors.SelectSelector):
    """Lets no time pass: what would have been waited for is added to ``skipped``."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; where nothing is, move the clock on."""
        ready = super().select(0)
        if not ready and timeout is None:
            raise NothingLeft
        if not ready and timeout is not None:
            self.skipped += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """The same program takes the same turns at the same times, however long a turn takes."""

    def __init__(self) -> None:
        self._hurried = _Hurried()
        super().__init__(self._hurried)

    def time(self) -> float:
        """Return the seconds that were skipped so far."""
        return self._hurried.skipped


def run_virtually(work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """Run a coroutine to its end on a loop of its own."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


def virtually(
    test: Callable[Arguments, Coroutine[Any, Any, None]],
) -> Callable[Arguments, None]:
    """Run a test on such a loop; it may sleep as long as it likes."""

    @wraps(test)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        run_virtually(test(*args, **kwargs))

    return run

"""An event loop without sockets and threads, whose clock jumps; it knows whose each task is."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Executor
from contextvars import Context, ContextVar, copy_context
from heapq import heappop, heappush
from typing import Any, TypeVar, TypeVarTuple, Unpack, cast

Task = asyncio.Task[Any]
Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")
# Seconds that a turn takes: whoever looks twice, sees the clock move.
TURN = 1e-6
# What is left to be said when everything was cancelled is said in so many turns.
LAST_TURNS = 20


class Owner:
    """Somebody whose tasks can all be ended at once: a process of the simulated world."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True
        self.context: Context = copy_context()
        self.context.run(_OWNER.set, self)
        self.tasks: list[Task] = []

    def end(self) -> None:
        """Cancel whatever is under way, the oldest first."""
        self.alive = False
        _cancel(self.tasks)


_OWNER: ContextVar[Owner | None] = ContextVar("owner", default=None)


class NothingLeft(Exception):
    """Everybody waits, and nothing will ever happen."""


class SimulatedLoop(asyncio.BaseEventLoop):
    """The same program takes the same turns at the same times, however long a turn takes."""

    def __init__(self) -> None:
        super().__init__()
        self._elapsed = 0.0
        self._ready: deque[asyncio.Handle] = deque()
        # By time, and then in the order in which they were set.
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._count = 0
        self._stopping = False
        self._tasks: list[Task] = []
        self.set_task_factory(self._make_task)

    def time(self) -> float:
        """Return the seconds that have passed so far."""
        return self._elapsed

    def call_soon(
        self,
        callback: Callable[[Unpack[Arguments]], object],
        *args: *Arguments,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """Call in the next turn."""
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_later(
        self,
        delay: float,
        callback: Callable[[Unpack[Arguments]], object],
        *args: *Arguments,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call after a while."""
        return self.call_at(self._elapsed + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Arguments]], object],
        *args: *Arguments,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call at a time."""
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        self._count += 1
        heappush(self._timers, (when, self._count, timer))
        return timer

    def run_in_executor(
        self,
        _executor: Executor | None,
        func: Callable[[Unpack[Arguments]], Result],
        *args: *Arguments,
    ) -> asyncio.Future[Result]:
        """Do it in the next turn: there are no threads."""
        outcome: asyncio.Future[Result] = self.create_future()

        def work() -> None:
            try:
                result = func(*args)
            except Exception as error:  # whoever waits for it is told
                outcome.set_exception(error)
            else:
                outcome.set_result(result)

        self.call_soon(work)
        return outcome

    def wind_up(self) -> None:
        """Have nothing go on, and close."""
        self.set_exception_handler(lambda _loop, _context: None)
        _cancel(self._tasks)
        for _ in range(LAST_TURNS):
            self.call_soon(self.stop)
            self.run_forever()
        self.close()

    def _run_once(self) -> None:
        """Take a turn; where nothing is to be done, move the clock on (asyncio's own hook)."""
        timers, ready = self._timers, self._ready
        while timers and timers[0][2]._cancelled:
            heappop(timers)
        self._elapsed += TURN
        if not ready and not self._stopping:
            if not timers:
                raise NothingLeft
            self._elapsed = max(self._elapsed, timers[0][0])
        while timers and timers[0][0] <= self._elapsed:
            ready.append(heappop(timers)[2])
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:
                handle._run()

    def _timer_handle_cancelled(self, _handle: asyncio.TimerHandle) -> None:
        """It is passed over when its time has come."""

    def _make_task(
        self,
        _loop: asyncio.AbstractEventLoop,
        work: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
        context: Context | None = None,
    ) -> Task:
        """Make a task, and note it with whoever makes it."""
        task: Task = asyncio.Task(
            cast("Coroutine[Any, Any, Any]", work), loop=self, context=context
        )
        owner = _OWNER.get() if context is None else context.get(_OWNER)
        (self._tasks if owner is None else owner.tasks).append(task)
        return task


def _cancel(tasks: list[Task]) -> None:
    for task in tasks:
        if not task.done():
            task.cancel()

"""A PostgreSQL of a test's own that goes down and comes back.

``python -m tests.support.restartable_postgres`` keeps it as ``postgres_keeper`` keeps that of a
test run, and does what it is told by the lines ``stop`` and ``start``.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import make_url

from tests.support.postgres_keeper import execute, from_the_wheel, make_template


class RestartablePostgres:
    """A server with one migrated database; ``url`` is the same after each start."""

    def __init__(self, keeper: "subprocess.Popen[str]") -> None:
        self._keeper = keeper
        self.url = self._answer()

    async def stop(self) -> None:
        """Shut it down as an administrator does: whoever is connected is told, and sent away."""
        await asyncio.to_thread(self._tell, "stop")

    async def start(self) -> None:
        """Start it again, and wait until it takes connections."""
        await asyncio.to_thread(self._tell, "start")

    def _tell(self, what: str) -> None:
        assert self._keeper.stdin is not None
        self._keeper.stdin.write(f"{what}\n")
        self._keeper.stdin.flush()
        assert self._answer() == what

    def _answer(self) -> str:
        assert self._keeper.stdout is not None
        line = self._keeper.stdout.readline().strip()
        assert line, "the keeper has ended; what it said stands above"
        return line


@contextmanager
def restartable_postgres() -> Iterator[RestartablePostgres]:
    """Run a server until the block ends."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.restartable_postgres"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # Ctrl-C is for the tests: the keeper ends when they have.
        start_new_session=True,
    ) as keeper:
        yield RestartablePostgres(keeper)


def main() -> None:
    """Keep the server until the standard input ends."""
    with from_the_wheel() as running:
        server = make_url(running.get_uri(driver="asyncpg"))
        asyncio.run(execute(server, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"))
        template = asyncio.run(make_template(server))
        print(template.render_as_string(hide_password=False), flush=True)
        for line in sys.stdin:
            actions = {"stop": running.stop, "start": running.start}
            actions[line.strip()]()
            print(line.strip(), flush=True)
        running.start()


if __name__ == "__main__":
    main()

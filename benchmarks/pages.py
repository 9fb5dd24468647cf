"""Pages of a list over HTTP, one after the other to its end and again from its beginning."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

import msgspec

from benchmarks.figures import NOBODY, Faults, Phase, Run
from benchmarks.generator import Generator
from benchmarks.processes import LOOPBACK, cpu_seconds, rss_kb

NO_FAULTS = Faults(errors=0, gaps=0, repeats=0, missing=0, unknown=0, disconnects=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """A list and who reads it; the reader is Python, and alone."""

    port: int
    pid: int
    path: str
    token: str

    def run(self, _generator: Generator, phases: Sequence[str]) -> Run:
        """Read for as long as the one phase lasts (``window:1:2``)."""
        seconds = float(phases[0].rpartition(":")[2])
        connection = HTTPConnection(LOOPBACK, self.port, timeout=10)
        try:
            self._page(connection, "")  # the first one pays for what later ones find in caches
            return self._read(connection, seconds)
        finally:
            connection.close()

    def _read(self, connection: HTTPConnection, seconds: float) -> Run:
        took: Counter[int] = Counter()
        cpu, own, begun = cpu_seconds(self.pid), time.process_time(), time.perf_counter()
        cursor, read = "", 0
        while (now := time.perf_counter()) < begun + seconds:
            page, size = self._page(connection, cursor)
            took[round((time.perf_counter() - now) * 1e6)] += 1
            cursor, read = page["next_cursor"] or "", read + size
        lasted = time.perf_counter() - begun
        phase = Phase(
            kind="window",
            value=1,
            seconds=lasted,
            sent=took.total(),
            acked=took.total(),
            delivered=took.total(),
            received_bytes=read,
            server_cpu_seconds=cpu_seconds(self.pid) - cpu,
            server_rss_kb=rss_kb(self.pid),
            own_cpu_seconds=time.process_time() - own,
            ack_us=sorted(took.items()),
            peer_us=[],
        )
        return Run(connections=1, connect=NOBODY, phases=[phase], faults=NO_FAULTS, first_fault="")

    def _page(self, connection: HTTPConnection, cursor: str) -> tuple[Any, int]:
        more = f"&cursor={cursor}" if cursor else ""
        headers = {"Authorization": f"Bearer {self.token}"}
        connection.request("GET", f"{self.path}{more}", headers=headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{self.path}: {answer.status} {content.decode(errors='replace')}")
        return msgspec.json.decode(content), len(content)

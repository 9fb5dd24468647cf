"""The questions that are put to the servers; a new one is a file here and a line below."""

from benchmarks.scenarios.fanout import FANOUT
from benchmarks.scenarios.threads import THREADS

SCENARIOS = {scenario.name: scenario for scenario in (FANOUT, THREADS)}

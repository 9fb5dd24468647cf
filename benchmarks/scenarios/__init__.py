"""The questions that are put to the servers; a new one is a file here and a line below."""

from benchmarks.scenarios.fanout import FANOUT
from benchmarks.scenarios.history import HISTORY
from benchmarks.scenarios.idle import IDLE
from benchmarks.scenarios.inbox import INBOX
from benchmarks.scenarios.nodes import NODES
from benchmarks.scenarios.search import SEARCH
from benchmarks.scenarios.storm import STORM
from benchmarks.scenarios.threads import THREADS

_ALL = (FANOUT, THREADS, IDLE, STORM, NODES, HISTORY, INBOX, SEARCH)
SCENARIOS = {scenario.name: scenario for scenario in _ALL}

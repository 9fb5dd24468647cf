"""The questions that are put to the servers; a new one is a file here and a line below."""

from benchmarks.scenarios.alerts import ALERTS
from benchmarks.scenarios.backlog import BACKLOG
from benchmarks.scenarios.fanout import FANOUT
from benchmarks.scenarios.history import HISTORY
from benchmarks.scenarios.idle import IDLE
from benchmarks.scenarios.inbox import INBOX
from benchmarks.scenarios.mail import MAIL
from benchmarks.scenarios.nodes import NODES
from benchmarks.scenarios.push import PUSH
from benchmarks.scenarios.search import SEARCH
from benchmarks.scenarios.storm import STORM
from benchmarks.scenarios.threads import THREADS

_ALL = (FANOUT, THREADS, IDLE, STORM, NODES, HISTORY, INBOX, SEARCH, ALERTS, PUSH, MAIL, BACKLOG)
SCENARIOS = {scenario.name: scenario for scenario in _ALL}

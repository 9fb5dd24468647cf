"""The composition root: settings -> parts -> one ASGI app and its gateway. Nothing else constructs.

Everything is made inside the running event loop, and taken down in the reverse order.
"""

from realtime.bootstrap.ground import Pace
from realtime.bootstrap.http import describe
from realtime.bootstrap.inbound import receiving
from realtime.bootstrap.node import STATIC, Node, delivering, serving
from realtime.bootstrap.upkeep import importing, keeping_queue, sweeping

__all__ = [
    "STATIC",
    "Node",
    "Pace",
    "delivering",
    "describe",
    "importing",
    "keeping_queue",
    "receiving",
    "serving",
    "sweeping",
]

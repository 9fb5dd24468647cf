"""What operators have of the delivery queue, for servers and for the command line."""

from dataclasses import dataclass

from realtime.bootstrap.ground import Ground
from realtime.delivery.backoff import LIFETIMES
from realtime.delivery.ledger import explain
from realtime.ids import new_id
from realtime.services.auditing import Audit
from realtime.services.order_traces import OrderTraces
from realtime.services.queue_control import QueueControl
from realtime.services.queue_figures import QueueFigures
from realtime.services.replaying import Replays


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueParts:
    """The figures, and the use cases that show and change what they are of."""

    figures: QueueFigures
    control: QueueControl
    replays: Replays
    traces: OrderTraces


def make_queue(ground: Ground, audit: Audit) -> QueueParts:
    """Make them."""
    database, clock = ground.database, ground.clock
    figures = QueueFigures(database=database, clock=clock, monotonic=ground.monotonic)
    return QueueParts(
        figures=figures,
        control=QueueControl(database=database, figures=figures, audit=audit, clock=clock),
        replays=Replays(
            database=database, audit=audit, clock=clock, new_id=new_id, lifetimes=LIFETIMES
        ),
        traces=OrderTraces(database=database, audit=audit, explain=explain),
    )

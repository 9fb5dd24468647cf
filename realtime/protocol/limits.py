"""What one connection may do, and how long things may take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Rates are a second; a rate of 0 has no limit. Times are in seconds."""

    channels: int = 128
    connections_per_account: int = 20
    commands_per_second: float = 30.0
    commands_burst: float = 60.0
    # Subscribes come all at once after a connect; some come twice.
    spare_subscribes: int = 32
    # Ten times the limit is no honest client.
    abuse_factor: float = 10.0
    errors_per_second: float = 1.0
    errors_burst: float = 100.0
    ping: float = 25.0
    pong: float = 8.0
    connect: float = 30.0
    expiry_grace: float = 25.0
    frame_before_connect: int = 64 * 1024
    frame: int = 256 * 1024

    @property
    def subscribes_burst(self) -> float:
        """How many subscribes may come at once."""
        return float(self.channels + self.spare_subscribes)

    @property
    def backlog(self) -> float:
        """How many commands may come at once, before there is an answer to the connect."""
        return self.subscribes_burst + self.commands_burst

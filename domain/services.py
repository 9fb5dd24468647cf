"""Services: what the marketplace says of them, and with which of them one can be written to."""

from enum import StrEnum


class ServiceStatus(StrEnum):
    """What the marketplace says of a service; only an approved one can be ordered."""

    PENDING = "pending"
    APPROVED = "approved"
    PAUSED = "paused"
    REJECTED = "rejected"


# Whoever has one of these offers services, and may be written to by anybody.
OFFERED = frozenset({ServiceStatus.APPROVED, ServiceStatus.PAUSED})

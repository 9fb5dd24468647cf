"""Where an alert goes, as it may be shown: an endpoint is a capability, an address a person's."""

from hashlib import sha256

LONGEST = 64
_DIGEST = 6


def shown_endpoint(endpoint: str) -> str:
    """Name a push subscription by its service, and by enough to tell two of them apart."""
    digest = sha256(endpoint.encode()).hexdigest()[:_DIGEST]
    # What an app was given is a token, and no URL.
    host = endpoint.partition("://")[2].partition("/")[0] or "app"
    return f"{host[: LONGEST - _DIGEST - 2]} #{digest}"


def shown_address(address: str) -> str:
    """Mask a mail address: ``s…@example.com``."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"[:LONGEST]

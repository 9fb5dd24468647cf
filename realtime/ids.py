"""Ids that we make: UUIDv7 (RFC 9562), so that newer ones sort behind older ones."""

import secrets

import uuid_utils


def new_id() -> str:
    """Return a new id for a row."""
    return str(uuid_utils.uuid7())


def new_epoch() -> str:
    """Return a short random name for one numbering of a channel."""
    return secrets.token_hex(4)

"""Which thread each connection shows: kept as presence, so that every node can tell."""

from collections.abc import Collection

from realtime.channels.presence import Presence

GAZE_AT = "gaze:"


class Gazes:
    """Notes where connections look, and tells who looks at what, on any node."""

    def __init__(self, presence: Presence) -> None:
        self._presence = presence

    def turn(
        self, client: str, account_id: str, *, away_from: str | None, towards: str | None
    ) -> None:
        """Note that ``client``, a connection of ``account_id``, looks at another conversation."""
        if away_from is not None:
            self._presence.leave(f"{GAZE_AT}{away_from}", client)
        if towards is not None:
            self._presence.enter(f"{GAZE_AT}{towards}", client, account_id)

    async def among(self, keys: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """Tell which of these (account, conversation) the account has before its eyes.

        While that is unknown, nobody looks: an alert too many is better than one too few.
        """
        seen: set[tuple[str, str]] = set()
        for conversation_id in {conversation_id for _, conversation_id in keys}:
            present = await self._presence.surely_present(f"{GAZE_AT}{conversation_id}")
            seen |= {(account_id, conversation_id) for account_id in (present or {}).values()}
        return seen & set(keys)

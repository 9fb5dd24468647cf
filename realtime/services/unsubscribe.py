"""One-click unsubscribe: whose wish a signed link carries, and granting it without a login."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from domain.errors import NotFound
from domain.identity import Identity
from realtime.services.accounts import Accounts


class Wish(Protocol):
    """No more alerts of a category to an account on a channel."""

    @property
    def account_id(self) -> str: ...

    @property
    def category(self) -> str: ...

    @property
    def channel(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscription:
    """A wish as its page speaks of it, in the language of the account."""

    locale: str
    category: str
    channel: str


class Unsubscribing:
    """Use cases of whoever holds a link from a mail; ``read_token`` returns what it wishes."""

    def __init__(self, *, accounts: Accounts, read_token: Callable[[str], Wish | None]) -> None:
        self._accounts = accounts
        self._read_token = read_token

    async def look(self, token: str) -> Unsubscription:
        """Tell what a link would do; NotFound for one that is not ours, or of nobody any more."""
        wish = self._wish(token)
        preferences = await self._accounts.preferences(Identity(wish.account_id))
        return Unsubscription(
            locale=preferences["locale"], category=wish.category, channel=wish.channel
        )

    async def act(self, token: str) -> Unsubscription:
        """Do it; doing it again changes nothing."""
        wish = self._wish(token)
        patch = {"categories": {wish.category: {wish.channel: False}}}
        await self._accounts.change_preferences(Identity(wish.account_id), patch)
        return await self.look(token)

    def _wish(self, token: str) -> Wish:
        wish = self._read_token(token)
        if wish is None:
            raise NotFound("this link is not one of ours")
        return wish

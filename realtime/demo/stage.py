"""The demo around a server: settings made up for one run, and what takes its mails and pushes."""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from starlette.routing import BaseRoute

from realtime.clock import Clock
from realtime.delivery.push.vapid import VapidKey
from realtime.demo import seed
from realtime.demo.mailbox import Mailbox
from realtime.demo.outbox import Outbox
from realtime.demo.people import PEOPLE, Person
from realtime.demo.push_service import DemoPushService
from realtime.demo.routes import DemoRoutes
from realtime.ids import new_id
from realtime.services.accounts import Accounts
from realtime.services.orders import Orders
from realtime.services.services import Services
from realtime.tokens import make_token

TOKEN_LIFETIME = timedelta(hours=12)
# What a demo takes from its surroundings; everything else is its own, so that none of it touches a
# real database, mail server or account.
KEPT = ("ORDERWIRE_LOG_", "ORDERWIRE_LIMIT_")


class Stage:
    """Made before the settings are read, for the mailbox's address is one of them."""

    def __init__(self, *, folder: Path, public_url: str, clock: Clock) -> None:
        self._folder = folder
        self._public_url = public_url
        self._clock = clock
        self._key = VapidKey.generate()
        self._secret = secrets.token_urlsafe(32)
        self._outbox = Outbox(clock=clock)
        self._mailbox = Mailbox(outbox=self._outbox, clock=clock)
        self._pushes = DemoPushService(
            origin=public_url, public_key=self._key.public_text, outbox=self._outbox, clock=clock
        )

    def settings(self, surroundings: Mapping[str, str]) -> dict[str, str]:
        """Return the texts of the demo's settings; some of the surroundings' are kept."""
        kept = {name: text for name, text in surroundings.items() if name.startswith(KEPT)}
        made_up = {
            "DATABASE_URL": f"sqlite+aiosqlite:///{self._folder / 'demo.db'}",
            "TOKEN_SECRET": self._secret,
            "SERVICE_KEYS": secrets.token_urlsafe(32),
            "PUBLIC_URL": self._public_url,
            "SMTP_URL": self._mailbox.url,
            "MAIL_FROM": "Orderwire <no-reply@example.com>",
            "VAPID_PRIVATE_KEY": self._key.private_text,
            "VAPID_SUBJECT": "mailto:ops@example.com",
            "PUSH_EXTRA_ORIGINS": self._public_url,
            # Nobody waits for a demo to end.
            "DRAIN_SECONDS": "0",
            "DRAIN_ACCEPT_SECONDS": "0",
            # The links that are printed shall stay in sight.
            "LOG_LEVEL": "warning",
        }
        return {f"ORDERWIRE_{name}": text for name, text in made_up.items()} | kept

    async def start(self) -> None:
        """Take mails from now on."""
        await self._mailbox.start()

    async def close(self) -> None:
        """Take no more."""
        await self._mailbox.close()

    def routes(self, orders: Orders) -> list[BaseRoute]:
        """List the demo's routes."""
        shown = DemoRoutes(
            place_order=lambda: seed.place_order(orders, new_id()),
            make_token=self.token,
            mailbox=self._mailbox,
            outbox=self._outbox,
        )
        return [*shown.routes(), *self._pushes.routes()]

    async def seed(self, *, accounts: Accounts, services: Services) -> None:
        """Bring in the people; the server listens by now, for pushes go out at once."""
        await seed.seed(accounts=accounts, services=services, pushes=self._pushes)

    def token(self, person: Person) -> str:
        """Make a token for one of the people."""
        return make_token(
            self._secret,
            person.account,
            role=person.token_role,
            lifetime=TOKEN_LIFETIME,
            now=self._clock.now(),
        )

    def links(self) -> list[tuple[str, str]]:
        """Return what to print: first the page that shows it all, then a sign-in link each."""
        sign_in = [
            (f"{person.name}, {person.role}", f"{self._public_url}/#token={self.token(person)}")
            for person in PEOPLE
        ]
        return [
            ("Buyer and seller side by side", f"{self._public_url}/demo"),
            *sign_in,
            ("The mails that went out", f"{self._public_url}/demo/mail"),
        ]

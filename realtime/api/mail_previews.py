"""``/v1/ops/mails``: mails to look at, and to send to oneself."""

from typing import Annotated

from msgspec import Meta

from domain.identity import Identity
from realtime.api.bodies import AccountId, Body, Query
from realtime.api.endpoint import OPERATOR, Resource, get, post
from realtime.services.mail_previews import MailName, MailPreviews, Preview, SentMail
from realtime.services.shapes import Page

MAILS = "/v1/ops/mails"
Locale = Annotated[str, Meta(pattern=r"^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*$", max_length=35)]


class PreviewQuery(Query, frozen=True):
    """In which language."""

    locale: Locale = "en"


class TestMailBody(Body, frozen=True):
    """To whom a mail goes, and in which language."""

    to: Annotated[str, Meta(min_length=3, max_length=254, examples=["olga@example.com"])]
    locale: Locale = "en"


class MailPreviewRoutes(Resource):
    """Previews over HTTP."""

    def __init__(self, *, previews: MailPreviews) -> None:
        self._previews = previews

    async def names(self) -> Page[MailName]:
        """Name every mail that there is."""
        return self._previews.names()

    async def show(self, mail: AccountId, query: PreviewQuery) -> Preview:
        """Show a mail about nobody, as it would be read."""
        return self._previews.show(mail, query.locale)

    async def test(self, caller: Identity, mail: AccountId, body: TestMailBody) -> SentMail:
        """Send it, and tell what the mail server answered; it is noted who did."""
        return await self._previews.send(caller, mail, body.locale, body.to)

    title = "Mails to look at"
    endpoints = (
        get(MAILS, names, by=OPERATOR),
        get(f"{MAILS}/{{mail}}", show, by=OPERATOR, refuses=("not_found",)),
        post(f"{MAILS}/{{mail}}/test", test, by=OPERATOR, refuses=("not_found",)),
    )

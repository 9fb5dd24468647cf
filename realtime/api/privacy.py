"""``/v1/accounts/{id}/export`` and the end of an account, for the backend."""

from collections.abc import AsyncIterator
from typing import Annotated

from starlette.responses import Response, StreamingResponse

from realtime.api.bodies import AccountId
from realtime.api.endpoint import MARKETPLACE, Content, Resource, delete, get
from realtime.services.erasing import Erasing
from realtime.services.export import Export, ExportLine

NDJSON = "application/x-ndjson"
Lines = Annotated[Response, Content(NDJSON, ExportLine)]


class PrivacyRoutes(Resource):
    """What belongs to a person, over HTTP."""

    def __init__(self, *, export: Export, erasing: Erasing) -> None:
        self._export = export
        self._erasing = erasing

    async def everything(self, account_id: AccountId) -> Lines:
        """Tell everything about one account, a JSON object on each line; the last one is `end`."""
        pages = self._export.pages(account_id)
        # Asked for before the answer begins: nobody's account is told by its status.
        first = await anext(pages)

        async def content() -> AsyncIterator[bytes]:
            yield first
            async for page in pages:
                yield page

        headers = {"Content-Disposition": f'attachment; filename="{account_id}.ndjson"'}
        return StreamingResponse(content(), media_type=NDJSON, headers=headers)

    async def erase(self, account_id: AccountId) -> None:
        """Erase a person: what is theirs goes, whoever they wrote with keeps what was said.

        Nobody signs in as this account from then on, and its id is never given again.
        """
        await self._erasing.erase(account_id)

    title = "Privacy"
    endpoints = (
        get("/v1/accounts/{account_id}/export", everything, by=MARKETPLACE, refuses=("not_found",)),
        delete(
            "/v1/accounts/{account_id}",
            erase,
            by=MARKETPLACE,
            refuses=("not_found", "open_orders"),
        ),
    )

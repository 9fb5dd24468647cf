"""``/v1/attachments``: uploaded as a form or by the tus protocol, fetched by links that expire."""

from http import HTTPStatus
from typing import Annotated, TypedDict

from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from domain.identity import Identity
from realtime.api import tus
from realtime.api.answers import answer
from realtime.api.bodies import AccountId, Query
from realtime.api.endpoint import (
    ACCOUNT,
    ANYBODY,
    READER,
    Content,
    Resource,
    delete,
    get,
    head,
    options,
    patch,
    post,
)
from realtime.api.file_answers import file_answer
from realtime.api.file_bodies import FormFile, until_cut
from realtime.services.attachment_links import Form
from realtime.services.attachment_uploads import Upload, Uploads
from realtime.services.attachments import Attachments, LinkedAttachment

ALL = "/v1/attachments"
ONE = "/v1/attachments/{attachment_id}"
PARTS = (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT, HTTPStatus.NOT_MODIFIED)

Done = Annotated[Response, Content("", statuses=(HTTPStatus.NO_CONTENT,))]
Progress = Annotated[Response, Content("")]
Begun = Annotated[
    Response, Content("application/json", LinkedAttachment, statuses=(HTTPStatus.CREATED,))
]
File = Annotated[Response, Content("*/*", statuses=PARTS)]
Piece = Annotated[Request, Content(tus.CONTENT)]


class FileForm(TypedDict):
    """A form with one file, whose name is told."""

    file: Annotated[str, Meta(extra_json_schema={"contentMediaType": "application/octet-stream"})]


class LinkQuery(Query, frozen=True):
    """What makes a link good: until when, and whose word that is."""

    until: str = ""
    signature: str = ""


class AttachmentRoutes(Resource):
    """Attachments over HTTP."""

    def __init__(self, *, uploads: Uploads, attachments: Attachments) -> None:
        self._uploads = uploads
        self._attachments = attachments

    async def create(
        self,
        caller: Identity,
        request: Annotated[Request, Content("multipart/form-data", FileForm)],
    ) -> Begun:
        """Upload a file as the one part of a form that has a filename, or begin by tus 1.0.

        With `Tus-Resumable`, `Upload-Length` and `Upload-Metadata` (`filename`) the file comes in
        pieces, by PATCH to the `Location` that is answered.
        """
        if not tus.is_spoken(request.headers):
            form = FormFile(request)
            return self._created(
                await self._uploads.take_whole(caller, await form.name(), form.content())
            )
        tus.check_version(request.headers)
        size = tus.number(request.headers, "Upload-Length")
        upload = await self._uploads.begin(caller, tus.file_name(request.headers), size)
        if request.headers.get("content-type") == tus.CONTENT:
            upload = await self._uploads.receive(caller, upload.id, 0, until_cut(request))
        created = self._created(upload)
        created.headers.update(_progress(upload))
        return created

    def _created(self, upload: Upload) -> Response:
        created = answer(self._attachments.shown(upload), HTTPStatus.CREATED)
        created.headers["Location"] = f"{ALL}/{upload.id}"
        return created

    async def abilities(self) -> Done:
        """Say what uploads by tus may be like."""
        headers = tus.abilities(self._uploads.most_bytes)
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)

    async def progress(
        self, caller: Identity, attachment_id: AccountId, request: Request
    ) -> Progress:
        """Say how far an upload by tus is."""
        tus.check_version(request.headers)
        upload = await self._uploads.look(caller, attachment_id)
        return Response(headers=_progress(upload))

    async def append(self, caller: Identity, attachment_id: AccountId, request: Piece) -> Done:
        """Send the next piece of an upload by tus; what comes of it before a cut is kept."""
        tus.check_version(request.headers)
        tus.check_content(request.headers)
        offset = tus.number(request.headers, "Upload-Offset")
        upload = await self._uploads.receive(caller, attachment_id, offset, until_cut(request))
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=_progress(upload))

    async def drop(self, caller: Identity, attachment_id: AccountId) -> Done:
        """Remove an upload that is not part of anything yet."""
        await self._uploads.drop(caller, attachment_id)
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"Tus-Resumable": tus.VERSION})

    async def show(self, caller: Identity, attachment_id: AccountId) -> LinkedAttachment:
        """Show an attachment, with links to it and its preview that need no token for a while."""
        return await self._attachments.get(caller, attachment_id)

    async def fetch(
        self, attachment_id: AccountId, form: Form, query: LinkQuery, request: Request
    ) -> File:
        """Fetch a file, or a part of it, by a link; what could run is never shown in place."""
        file = await self._attachments.fetch(
            attachment_id, form, until=query.until, signature=query.signature
        )
        return await file_answer(
            request, file, lambda start, end: self._attachments.content(file, start, end)
        )

    title = "Attachments"
    endpoints = (
        post(
            ALL,
            create,
            by=ACCOUNT,
            refuses=(
                "attachment_infected",
                "invalid",
                "not_found",
                "precondition_failed",
                "too_many_attachments",
                "unsupported_media_type",
            ),
        ),
        options(ALL, abilities, by=ANYBODY),
        head(ONE, progress, by=ACCOUNT, refuses=("not_found", "precondition_failed")),
        get(ONE, show, by=READER, refuses=("not_found",)),
        patch(
            ONE,
            append,
            by=ACCOUNT,
            refuses=(
                "attachment_infected",
                "not_found",
                "precondition_failed",
                "too_many_pieces",
                "unsupported_media_type",
                "wrong_offset",
            ),
        ),
        delete(ONE, drop, by=ACCOUNT, refuses=("attachment_used", "not_found")),
        get(
            f"{ONE}/{{form}}",
            fetch,
            by=ANYBODY,
            refuses=("link_expired", "not_found", "range_not_satisfiable"),
        ),
    )


def _progress(upload: Upload) -> dict[str, str]:
    return tus.progress(upload.received, upload.size, upload.expires_at)

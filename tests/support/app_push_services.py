"""Apple's and Google's push services on loopback, over HTTP/2: they check, record, and answer."""

import asyncio
import json
import socket
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypercorn.asyncio import serve
from hypercorn.config import Config
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.certificates import Authority


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What to answer instead of taking a push; ``stall`` says nothing at all."""

    status: int = 200
    content: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    stall: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request that was in order."""

    path: str
    headers: dict[str, str]
    content: dict[str, Any]
    http: str


class AppPushServices:
    """Both of them behind one address; ``apple`` and ``google`` are the keys that they know."""

    def __init__(
        self, *, apple: ec.EllipticCurvePublicKey | None, google: rsa.RSAPublicKey | None
    ) -> None:
        self.asked: list[Asked] = []
        self.tokens_given = 0
        self.script: deque[Told] = deque()
        self.token_script: deque[Told] = deque()
        self.origin = ""
        self._apple = apple
        self._google = google
        self._over = asyncio.Event()

    @asynccontextmanager
    async def running(self, authority: Authority) -> AsyncIterator["AppPushServices"]:
        """Serve on loopback until the block is left."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.origin = f"https://127.0.0.1:{listener.getsockname()[1]}"
        config = Config()
        config.bind = [f"fd://{listener.detach()}"]
        config.certfile = config.keyfile = str(authority.server)
        config.alpn_protocols = ["h2"]
        config.errorlog = config.accesslog = None
        config.graceful_timeout = 1.0
        app: Any = Starlette(
            routes=[
                Route("/3/device/{token}", self._apns, methods=["POST"]),
                Route("/v1/projects/{project}/messages:send", self._fcm, methods=["POST"]),
                Route("/token", self._give_token, methods=["POST"]),
            ]
        )
        serving = asyncio.create_task(serve(app, config, shutdown_trigger=self._over.wait))
        try:
            yield self
        finally:
            self._over.set()
            await serving

    async def _apns(self, request: Request) -> Response:
        await request.body()
        scheme, _, token = request.headers["authorization"].partition(" ")
        assert scheme == "bearer"
        assert self._apple is not None
        claims = jwt.decode(token, self._apple, algorithms=["ES256"], options={"verify_iat": False})
        if claims["iss"] != "TEAM" or jwt.get_unverified_header(token)["kid"] != "KEY":
            return JSONResponse({"reason": "InvalidProviderToken"}, 403)
        return await self._taken(request, JSONResponse(None, 200))

    async def _fcm(self, request: Request) -> Response:
        await request.body()
        if request.headers["authorization"] != f"Bearer token-{self.tokens_given}":
            return JSONResponse({"error": {"status": "UNAUTHENTICATED"}}, 401)
        return await self._taken(request, JSONResponse({"name": "projects/p/messages/1"}))

    async def _give_token(self, request: Request) -> Response:
        await request.body()
        if self.token_script:
            told = self.token_script.popleft()
            return JSONResponse(told.content, told.status, told.headers)
        form = await request.form()
        assert self._google is not None
        claims = jwt.decode(
            str(form["assertion"]),
            self._google,
            algorithms=["RS256"],
            audience="https://oauth2.googleapis.com/token",
            options={"verify_iat": False, "verify_exp": False},
        )
        assert claims["iss"] == "push@market.iam.example"
        assert claims["scope"] == "https://www.googleapis.com/auth/firebase.messaging"
        self.tokens_given += 1
        return JSONResponse({"access_token": f"token-{self.tokens_given}", "expires_in": 3600})

    async def _taken(self, request: Request, usual: Response) -> Response:
        self.asked.append(
            Asked(
                path=request.url.path,
                headers=dict(request.headers),
                content=json.loads(await request.body()),
                http=request.scope["http_version"],
            )
        )
        if not self.script:
            return usual
        told = self.script.popleft()
        if told.stall:
            await self._over.wait()
        return JSONResponse(told.content, told.status, told.headers)

"""Who calls: the marketplace's backend by a service key, an account or operator by its token."""

from starlette.requests import Request

from domain.errors import Forbidden, TokenInvalid, Unauthorized
from domain.identity import Identity, Role
from realtime.services.identity import ServiceKeys, TokenVerifier


class Callers:
    """Names the caller of a request, or refuses it."""

    def __init__(self, *, verifier: TokenVerifier, service_keys: ServiceKeys) -> None:
        self._verifier = verifier
        self._service_keys = service_keys

    async def one_of(self, request: Request, *roles: Role) -> Identity:
        """Return the caller, who has one of these roles."""
        identity = await self._identify(request)
        if identity.role not in roles:
            raise Forbidden(f"this is for: {', '.join(roles)}")
        return identity

    async def _identify(self, request: Request) -> Identity:
        scheme, _, credential = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not credential.strip():
            raise Unauthorized("send Authorization: Bearer with a token or a service key")
        try:
            return self._service_keys.identify(credential.strip())
        except Unauthorized:
            pass
        try:
            # No grace here: whoever calls can fetch a fresh token first.
            return await self._verifier.verify(credential.strip(), leeway=0)
        except TokenInvalid:
            raise Unauthorized("neither a valid token nor a known service key") from None

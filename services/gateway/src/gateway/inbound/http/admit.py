"""Whether a request may be served: its key, its scope, its quota."""

from dataclasses import dataclass

from starlette.requests import Request

from gateway.db.keys import Caller
from gateway.domain import scopes
from gateway.domain.scopes import Scope
from gateway.usecases.authenticate import Authenticate
from gateway.usecases.limit_requests import Kind, LimitRequests, Quota

_SAFE = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Admit:
    """The door of every route that needs a key. What is left of the quota goes into the answer's headers."""

    authenticate: Authenticate
    limit: LimitRequests

    async def __call__(self, request: Request, scope: Scope | None = None) -> Caller:
        """The caller. Looking takes the scope `read`, everything else `write`, unless one is named.

        Raises Problem 401, 403 or 429.
        """
        caller = await self.identify(request)
        await self.permit(request, caller, scope or ("read" if request.method in _SAFE else "write"), "reads")
        return caller

    async def identify(self, request: Request) -> Caller:
        """Who asks. Raises Problem 401, 403, 429."""
        address = request.client.host if request.client else ""
        return await self.authenticate(request.headers.get("authorization"), address)

    async def permit(self, request: Request, caller: Caller, scope: Scope, kind: Kind) -> None:
        """Whether the caller may. Raises Problem 403, 429."""
        scopes.require(caller.scopes, scope)
        self.note(request, await self.limit(caller, kind))

    def note(self, request: Request, quota: Quota | None) -> None:
        """Have the answer's headers say what is left."""
        if quota is not None:
            request.scope["quota"] = quota

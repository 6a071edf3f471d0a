"""`/api/v1/webhooks…`: an account's endpoints, their secrets and deliveries, which callbacks owns."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import orjson
from contracts.ids import from_text
from pydantic import Field
from runtime.db import Database
from starlette.requests import Request
from starlette.responses import Response

from gateway.db import notices
from gateway.domain.problem import Problem
from gateway.domain.scopes import Scope
from gateway.inbound.http.admit import Admit
from gateway.inbound.http.body import parse_object, read_body
from gateway.inbound.http.forms import Form, read_form
from gateway.inbound.http.numbers import credits_number
from gateway.inbound.http.openapi import webhooks as described
from gateway.inbound.http.openapi.parts import Document
from gateway.inbound.http.operation import Endpoint, Operation
from gateway.outbound.callbacks import Callbacks
from gateway.usecases.change_notices import change_notices

PATH = "/api/v1/webhooks"
MOST_BODY_BYTES = 65_536
_IDS = {
    "webhook_id": ("wh_", "webhook_not_found", "webhook"),
    "listener_id": ("wh_", "listener_not_found", "listener"),
    "delivery_id": ("whd_", "delivery_not_found", "delivery"),
}
_MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Relayed:
    """A route that callbacks answers: the scope that it takes, and what a success is."""

    method: str
    path: str
    scope: Scope
    status: int
    described: Document


class NoticesForm(Form):
    """The body of `PUT /api/v1/webhooks/notices`: credits, with at most six decimals; null: no warning."""

    credits_low: Annotated[Decimal, Field(gt=0, le=1_000_000_000, decimal_places=6, strict=False)] | None


@dataclass(frozen=True, slots=True)
class Webhooks:
    """The area."""

    admit: Admit
    callbacks: Callbacks
    db: Database

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        relayed = [
            Operation(each.method, PATH + each.path, self._relay(each), each.described) for each in _relayed()
        ]
        own = [
            Operation("GET", f"{PATH}/notices", self.notices, described.notices()),
            Operation("PUT", f"{PATH}/notices", self.change_notices, described.change_notices()),
        ]
        return [*own, *relayed]

    async def notices(self, request: Request) -> Response:
        """When the account is warned."""
        caller = await self.admit(request, "read")
        return _json(_notices(await notices.read(self.db.pool, caller.account_id)))

    async def change_notices(self, request: Request) -> Response:
        """Set it."""
        caller = await self.admit(request, "write")
        form = await read_form(request, NoticesForm)
        micro = None if form.credits_low is None else int(form.credits_low * _MICRO)
        await change_notices(self.db, caller.account_id, micro)
        return _json(_notices(micro))

    def _relay(self, route: Relayed) -> Endpoint:
        async def relay(request: Request) -> Response:
            caller = await self.admit(request, route.scope)
            path = route.path.format(**_ids(request))
            body = await _body(request) if "requestBody" in route.described else None
            answer = await self.callbacks.ask(caller.account_id, route.method, path, body=body)
            return Response(status_code=204) if route.status == 204 else _json(answer, route.status)

        return relay


def _relayed() -> list[Relayed]:
    one, delivery, listener = "/{webhook_id}", "/deliveries/{delivery_id}", "/listeners/{listener_id}"
    return [
        Relayed("GET", "", "read", 200, described.page()),
        Relayed("POST", "", "keys", 201, described.create()),
        Relayed("GET", "/default-secret", "read", 200, described.default_secret()),
        Relayed("POST", "/default-secret/rotate", "keys", 200, described.rotate_default()),
        Relayed("GET", delivery, "read", 200, described.delivery()),
        Relayed("POST", f"{delivery}/redeliver", "write", 202, described.redeliver()),
        Relayed("POST", "/listeners", "write", 201, described.listen()),
        Relayed("POST", f"{listener}/poll", "write", 200, described.poll()),
        Relayed("DELETE", listener, "write", 204, described.stop_listening()),
        Relayed("GET", one, "read", 200, described.document()),
        Relayed("PATCH", one, "keys", 200, described.change()),
        Relayed("DELETE", one, "keys", 204, described.delete()),
        Relayed("POST", f"{one}/rotate-secret", "keys", 200, described.rotate()),
        Relayed("POST", f"{one}/test", "write", 202, described.test()),
        Relayed("POST", f"{one}/redeliver", "write", 202, described.redeliver_range()),
    ]


def _ids(request: Request) -> dict[str, UUID]:
    """The ids in the path. Raises Problem 404: what can't be an id is no different from none."""
    found = {}
    for name, text in request.path_params.items():
        prefix, code, noun = _IDS[name]
        value = from_text(prefix, text)
        if value is None:
            raise Problem(404, code, f"There is no {noun} {text[:100]!r}.", param=name)
        found[name] = value
    return found


async def _body(request: Request) -> dict[str, Any] | None:
    raw = await read_body(request, MOST_BODY_BYTES)
    return parse_object(raw) if raw.strip() else None


def _notices(micro: int | None) -> dict[str, Any]:
    low = None if micro is None else credits_number(micro)
    return {"object": "webhook_notices", "credits_low": low}


def _json(value: Any, status: int = 200) -> Response:
    return Response(
        orjson.dumps(value), status, headers={"Cache-Control": "no-store"}, media_type="application/json"
    )

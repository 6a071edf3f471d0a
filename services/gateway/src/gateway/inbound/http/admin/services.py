"""`/api/v1/admin/…` about the services: dead letters, outboxes, providers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runtime.db import Database
from starlette.requests import Request
from starlette.responses import Response

from gateway.db import audit
from gateway.db.audit import Actor, Entry
from gateway.domain.problem import Problem
from gateway.inbound.http.admin.accounts import Reason
from gateway.inbound.http.admin.door import PATH, Door, actor, json, limit_of
from gateway.inbound.http.body import parse_object, read_body
from gateway.inbound.http.forms import Form, as_form
from gateway.inbound.http.numbers import time_text
from gateway.inbound.http.openapi import admin_services as described
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.query import Query
from gateway.outbound.services import NAMES, Services

_LETTERS = f"{PATH}/services/{{service}}/dead-letters"
_ONE = f"{_LETTERS}/{{letter_id}}"
_OUTBOX = f"{PATH}/services/{{service}}/outbox/replay"
_MOST_BODY = 65_536


class ReplayForm(Form):
    """The body of a replay of a dead letter; it may be left out."""

    reason: Reason | None = None


class OutboxForm(Form):
    """The body of a replay of an outbox: exactly one of the first three."""

    since: str | None = None
    after: str | None = None
    everything: bool = False
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class ServiceRoutes:
    """The routes."""

    door: Door
    db: Database
    services: Services

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        return [
            Operation("GET", _LETTERS, self.page, described.dead_letters()),
            Operation("GET", _ONE, self.document, described.dead_letter()),
            Operation("POST", f"{_ONE}/replay", self.replay, described.replay()),
            Operation("POST", _OUTBOX, self.replay_outbox, described.replay_outbox()),
            Operation("GET", f"{PATH}/providers", self.providers, described.providers()),
        ]

    async def page(self, request: Request) -> Response:
        """A service's dead letters, newest first; `open=false` those that were replayed."""
        await self.door(request)
        service, query = _service(request), Query(request)
        still_open, limit = query.flag("open"), limit_of(query)
        before = query.check("before", query.text("before"), _number, "is not the number of a dead letter")
        query.finish()
        found = await self.services.dead_letters(service, still_open, before, limit)
        listed = [_letter(each) for each in found["data"]]
        return json({"object": "list", "data": listed, "open": found["open"]})

    async def document(self, request: Request) -> Response:
        """One with its record."""
        await self.door(request)
        return json(_letter(await self.services.dead_letter(_service(request), _id(request))))

    async def replay(self, request: Request) -> Response:
        """Have its own reader handle it again."""
        caller = await self.door(request)
        service, letter_id = _service(request), _id(request)
        raw = await read_body(request, _MOST_BODY)
        form = as_form(parse_object(raw) if raw.strip() else {}, ReplayForm)
        found = await self.services.replay(service, letter_id)
        subject = f"{service}/{letter_id}"
        await self._note(actor(caller), "dead_letter.replayed", subject, form.reason, {})
        return json(_letter(found))

    async def replay_outbox(self, request: Request) -> Response:
        """Have a service send again what it has said, under the same ids."""
        caller = await self.door(request)
        service = _service(request)
        form = as_form(parse_object(await read_body(request, _MOST_BODY)), OutboxForm)
        wanted = form.model_dump(exclude={"reason"}, exclude_none=True)
        made = await self.services.replay_outbox(service, wanted)
        await self._note(actor(caller), "outbox.replayed", service, form.reason, {**wanted, **made})
        return json({"object": "outbox_replay", "service": service, **made})

    async def providers(self, request: Request) -> Response:
        """How each key of each provider does, as every worker has seen it."""
        await self.door(request)
        return json({"object": "list", "data": await self.services.providers()})

    async def _note(
        self, by: Actor, action: str, subject: str, reason: str | None, detail: dict[str, Any]
    ) -> None:
        """After the service has done it: replays may be repeated, so a lost note hides no change of state."""
        entry = Entry(by.name, action, subject, actor_account_id=by.account_id, reason=reason, detail=detail)
        async with self.db.transaction() as tx:
            await audit.record(tx, entry)


def _letter(row: dict[str, Any]) -> dict[str, Any]:
    times = {name: row[name] for name in ("created_at", "replayed_at")}
    shown = {name: _time(value) for name, value in times.items()}
    return {"object": "dead_letter", **row, **shown}


def _time(value: datetime | str | None) -> str | None:
    return time_text(datetime.fromisoformat(value) if isinstance(value, str) else value)


def _service(request: Request) -> str:
    name: str = request.path_params["service"]
    if name not in NAMES:
        message = f"There is no service {name[:100]!r}; there are {', '.join(NAMES)}."
        raise Problem(404, "service_not_found", message, param="service")
    return name


def _id(request: Request) -> int:
    text: str = request.path_params["letter_id"]
    number = _number(text)
    if number is None:
        message = f"There is no dead letter {text[:100]!r}."
        raise Problem(404, "dead_letter_not_found", message, param="letter_id")
    return number


def _number(text: str) -> int | None:
    fits = text.isascii() and text.isdigit() and len(text) < 19 and int(text) > 0
    return int(text) if fits else None

"""`/api/v1/keys`: an account's API keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import orjson
from contracts.ids import from_text, to_text
from pydantic import AwareDatetime, Field
from runtime.db import Database
from starlette.requests import Request
from starlette.responses import Response

from gateway.db import keys
from gateway.db.keys import Caller, Terms
from gateway.domain import scopes
from gateway.domain.problem import Problem
from gateway.domain.scopes import SCOPES, Scope
from gateway.inbound.http.admit import Admit
from gateway.inbound.http.forms import Form, read_form
from gateway.inbound.http.numbers import credits_number, time_text
from gateway.inbound.http.openapi import keys as described
from gateway.inbound.http.operation import Operation
from gateway.usecases.change_key import KeyChange, change_key, delete_key
from gateway.usecases.create_key import KeyRefused, KeyRequest, create_key

PATH = "/api/v1/keys"
_PREFIX = "key_"

Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Scopes = Annotated[list[Scope], Field(min_length=1, max_length=len(SCOPES))]
Moment = Annotated[AwareDatetime, Field(strict=False)]
PerMinute = Annotated[int, Field(ge=1, le=1_000_000)]
Credits = Annotated[float, Field(ge=0, le=1e9, strict=False)]


class NewKeyForm(Form):
    """The body of a create."""

    name: Name
    scopes: Scopes | None = None
    test: bool | None = None
    expires_at: Moment | None = None
    requests_per_minute: PerMinute | None = None
    spend_cap: Credits | None = None


class KeyChangeForm(Form):
    """The body of a change: what isn't named stays; null takes a bound away."""

    name: Name | None = None
    scopes: Scopes | None = None
    expires_at: Moment | None = None
    requests_per_minute: PerMinute | None = None
    spend_cap: Credits | None = None
    disabled: bool | None = None


@dataclass(frozen=True, slots=True)
class Keys:
    """The routes."""

    admit: Admit
    db: Database
    pepper: bytes

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        one = f"{PATH}/{{key_id}}"
        return [
            Operation("GET", PATH, self.page, described.page()),
            Operation("POST", PATH, self.create, described.create()),
            Operation("GET", one, self.document, described.document()),
            Operation("PATCH", one, self.change, described.change()),
            Operation("DELETE", one, self.delete, described.delete()),
        ]

    async def page(self, request: Request) -> Response:
        """All keys of the account."""
        caller = await self.admit(request, "keys")
        listed = [shown(row) for row in await keys.page(self.db.pool, caller.account_id)]
        return _json({"object": "list", "data": listed})

    async def create(self, request: Request) -> Response:
        """Make one; the only answer that carries the whole key."""
        caller = await self.admit(request, "keys")
        form = await read_form(request, NewKeyForm)
        key_id, secret = await create(self.db, self.pepper, caller, form)
        row = await self._row(caller, key_id)
        headers = {"Location": f"{PATH}/{to_text(_PREFIX, key_id)}"}
        return _json({**shown(row), "key": secret}, 201, headers)

    async def document(self, request: Request) -> Response:
        """One key."""
        caller = await self.admit(request, "keys")
        return _json(shown(await self._row(caller, key_id_of(request))))

    async def change(self, request: Request) -> Response:
        """Rename, narrow, bound, disable or enable."""
        caller = await self.admit(request, "keys")
        form = await read_form(request, KeyChangeForm)
        wanted = KeyChange(caller.account_id, key_id_of(request), _changes(caller, form), actor(caller))
        row = await change_key(self.db, wanted)
        if row is None:
            raise not_found(request)
        return _json(shown(row))

    async def delete(self, request: Request) -> Response:
        """Delete one for good; its tasks stay."""
        caller = await self.admit(request, "keys")
        if not await delete_key(self.db, caller.account_id, key_id_of(request), actor(caller)):
            raise not_found(request)
        return Response(status_code=204)

    async def _row(self, caller: Caller, key_id: UUID) -> dict[str, Any]:
        row = await keys.of_account(self.db.pool, caller.account_id, key_id)
        if row is None:
            raise Problem(404, "key_not_found", "There is no such key.", param="key_id")
        return row


async def create(db: Database, pepper: bytes, caller: Caller, form: NewKeyForm) -> tuple[UUID, str]:
    """A new key for the caller's account: its id and full text. Raises Problem 403, 409, 422."""
    wanted = form.scopes or [scope for scope in SCOPES if scope in caller.scopes]
    _check_scopes(caller, wanted)
    test = caller.asset == "test" if form.test is None else form.test
    if caller.asset == "test" and not test:
        raise Problem(403, "test_key_only", "A test key can only make test keys.", param="test")
    _check_moment(form.expires_at)
    terms = Terms(
        form.name,
        scopes.ordered(wanted),
        form.expires_at,
        form.requests_per_minute,
        _micro(form.spend_cap),
    )
    request = KeyRequest(caller.account_id, terms, "test" if test else "credit", actor=actor(caller))
    try:
        return await create_key(db, request, pepper)
    except KeyRefused as refused:
        raise Problem(409, "key_refused", f"{refused}."[:1].upper() + f"{refused}."[1:]) from None


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A key as v1 shows it: all but its secret."""
    cap, committed = row["spend_cap_micro"], row["committed_micro"]
    return {
        "object": "key",
        "id": to_text(_PREFIX, row["id"]),
        "prefix": row["prefix"],
        "name": row["name"],
        "test": row["asset"] == "test",
        "scopes": scopes.ordered(row["scopes"]),
        "created_at": time_text(row["created_at"]),
        "last_used_at": time_text(row["last_used_at"]),
        "expires_at": time_text(row["expires_at"]),
        "disabled": row["disabled_at"] is not None,
        "requests_per_minute": row["requests_per_minute"],
        "spend_cap": None if cap is None else credits_number(cap),
        "spent": None if committed is None else credits_number(committed),
    }


def actor(caller: Caller) -> str:
    """Who acts, for the audit log."""
    return to_text(_PREFIX, caller.key_id)


def key_id_of(request: Request) -> UUID:
    """The key named in the path. Raises Problem 404 for what can't be one."""
    key_id = from_text(_PREFIX, request.path_params["key_id"])
    if key_id is None:
        raise not_found(request)
    return key_id


def not_found(request: Request) -> Problem:
    """Another account's key is no different from none."""
    text = request.path_params["key_id"][:100]
    return Problem(404, "key_not_found", f"There is no key {text!r}.", param="key_id")


def _changes(caller: Caller, form: KeyChangeForm) -> dict[str, Any]:
    given = form.model_dump(exclude_unset=True)
    for name in ("name", "scopes", "disabled"):
        if name in given and given[name] is None:
            raise Problem(422, "invalid", f"{name} can't be null", param=name)
    if "scopes" in given:
        _check_scopes(caller, given["scopes"])
        given["scopes"] = scopes.ordered(given["scopes"])
    _check_moment(given.get("expires_at"))
    if "spend_cap" in given:
        given["spend_cap_micro"] = _micro(given.pop("spend_cap"))
    return given


def _check_scopes(caller: Caller, wanted: list[Scope]) -> None:
    """Nobody gives away what they don't have."""
    missing = [scope for scope in wanted if scope not in caller.scopes]
    if missing:
        message = f"This key lacks the scope {missing[0]!r} and can't give it to another."
        raise Problem(403, "insufficient_scope", message, param="scopes")


def _check_moment(expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise Problem(422, "invalid", "expires_at must be in the future", param="expires_at")


def _micro(amount: float | None) -> int | None:
    return None if amount is None else int(Decimal(str(amount)).scaleb(6).to_integral_value())


def _json(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    told = {"Cache-Control": "no-store", **(headers or {})}
    return Response(orjson.dumps(document), status, told, media_type="application/json")

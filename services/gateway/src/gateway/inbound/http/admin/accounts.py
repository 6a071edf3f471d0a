"""`/api/v1/admin/accounts…`: accounts and their keys."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from contracts.ids import uuid7
from contracts.money import CREDIT, TEST
from pydantic import Field
from runtime.db import Database
from starlette.requests import Request
from starlette.responses import Response

from gateway.db import accounts, balances, keys
from gateway.db.keys import Terms
from gateway.domain import scopes
from gateway.domain.problem import Problem
from gateway.domain.scopes import SCOPES
from gateway.inbound.http.admin.door import (
    PATH,
    Door,
    account_from,
    account_of,
    account_text,
    actor,
    json,
    limit_of,
    no_account,
)
from gateway.inbound.http.forms import Form, read_form
from gateway.inbound.http.numbers import credits_number, time_text
from gateway.inbound.http.openapi import admin as described
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.query import Query
from gateway.inbound.http.v1.keys import Name, Scopes, shown
from gateway.usecases.change_account import AccountChange, change_account
from gateway.usecases.create_account import AccountError, create_account
from gateway.usecases.create_key import KeyRefused, KeyRequest, create_key

ACCOUNTS = f"{PATH}/accounts"
ONE = f"{ACCOUNTS}/{{account_id}}"
STATES = ("active", "disabled")
Reason = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]+$")]


class NewAccountForm(Form):
    """The body of a create."""

    name: Name
    tier: str = "free"
    id: str | None = None


class AccountForm(Form):
    """The body of a change: what isn't named stays; null takes retention and limit away."""

    name: Name | None = None
    tier: str | None = None
    status: Literal["active", "disabled"] | None = None
    role: Literal["user", "admin"] | None = None
    retention_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    max_live_tasks: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    reason: Reason | None = None


class AccountKeyForm(Form):
    """The body of a new key for somebody's account."""

    name: Name
    scopes: Scopes | None = None
    test: bool = False


@dataclass(frozen=True, slots=True)
class Accounts:
    """The routes."""

    door: Door
    db: Database
    tiers: Collection[str]
    pepper: bytes

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        return [
            Operation("GET", ACCOUNTS, self.page, described.accounts()),
            Operation("POST", ACCOUNTS, self.create, described.create_account()),
            Operation("GET", ONE, self.document, described.account()),
            Operation("PATCH", ONE, self.change, described.change_account()),
            Operation("GET", f"{ONE}/keys", self.keys, described.account_keys()),
            Operation("POST", f"{ONE}/keys", self.create_key, described.create_account_key()),
        ]

    async def page(self, request: Request) -> Response:
        """Accounts, newest first: `q` in their names, of a `tier`, of a `status`."""
        await self.door(request)
        query = Query(request)
        text, limit = query.text("q"), limit_of(query)
        tier, status = query.choices("tier", self.tiers), query.choices("status", STATES)
        filters = orjson.dumps(["accounts", text, tier, status]).decode()
        after = self.door.after(query, filters)
        query.finish()
        one_tier, one_status = (next(iter(each), None) for each in (tier, status))
        rows = await accounts.search(self.db.pool, after, text, one_tier, one_status, limit + 1)
        return self.door.page(rows, limit, filters, _account)

    async def create(self, request: Request) -> Response:
        """Make one; with an `id` the same again is fine."""
        caller = await self.door(request)
        form = await read_form(request, NewAccountForm)
        account_id = uuid7() if form.id is None else account_from(form.id)
        if account_id is None:
            raise Problem(422, "invalid", "id must be acct_… or a UUID", param="id")
        try:
            await create_account(self.db, account_id, form.name, form.tier, self.tiers, actor(caller))
        except AccountError as error:
            raise _refused(error, form.tier in self.tiers) from None
        headers = {"Location": f"{ACCOUNTS}/{account_text(account_id)}"}
        return json(await self._shown(request, account_id), 201, headers)

    async def document(self, request: Request) -> Response:
        """One with its credits."""
        await self.door(request)
        return json(await self._shown(request, account_of(request)))

    async def change(self, request: Request) -> Response:
        """Rename it, change its tier or role, disable or enable it, set its retention and its limit."""
        caller = await self.door(request)
        form = await read_form(request, AccountForm)
        values = form.model_dump(exclude_unset=True, exclude={"reason"})
        for name in ("name", "tier", "status", "role"):
            if name in values and values[name] is None:
                raise Problem(422, "invalid", f"{name} can't be null", param=name)
        account_id = account_of(request)
        wanted = AccountChange(account_id, values, form.reason, actor(caller))
        try:
            changed = await change_account(self.db, wanted, self.tiers)
        except AccountError as error:
            raise _refused(error, known_tier=False) from None
        if changed is None:
            raise no_account(request)
        return json(await self._shown(request, account_id))

    async def keys(self, request: Request) -> Response:
        """Its keys."""
        await self.door(request)
        account_id = account_of(request)
        await self._shown(request, account_id)
        listed = [shown(row) for row in await keys.page(self.db.pool, account_id)]
        return json({"object": "list", "data": listed})

    async def create_key(self, request: Request) -> Response:
        """A key for it; the only answer that carries the whole key."""
        caller = await self.door(request)
        form = await read_form(request, AccountKeyForm)
        account_id = account_of(request)
        await self._shown(request, account_id)
        terms = Terms(form.name, scopes.ordered(form.scopes or SCOPES))
        wanted = KeyRequest(
            account_id,
            terms,
            TEST if form.test else CREDIT,
            actor=actor(caller).name,
        )
        try:
            key_id, secret = await create_key(self.db, wanted, self.pepper)
        except KeyRefused as refused:
            raise Problem(409, "key_refused", f"{str(refused).capitalize()}.") from None
        row = await keys.of_account(self.db.pool, account_id, key_id)
        assert row is not None, "it was made just now"
        return json({**shown(row), "key": secret}, 201)

    async def _shown(self, request: Request, account_id: UUID) -> dict[str, Any]:
        row = await accounts.read(self.db.pool, account_id)
        if row is None:
            raise no_account(request)
        return _account(row) | {
            "credits": await self._credits(account_id, CREDIT),
            "test_credits": await self._credits(account_id, TEST),
        }

    async def _credits(self, account_id: UUID, asset: str) -> dict[str, Any]:
        standing = await balances.read(self.db.pool, account_id, asset)
        assert standing is not None, "an account is made with its balances"
        return {
            "available": credits_number(standing.available_micro),
            "held": credits_number(standing.held_micro),
            "pending": credits_number(standing.pending_micro),
        }


def _account(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "object": "account",
        "id": account_text(row["id"]),
        "uuid": str(row["id"]),
        "name": row["name"],
        "tier": row["tier"],
        "role": row["role"],
        "status": row["status"],
        "retention_days": row["retention_days"],
        "max_live_tasks": row["max_live_tasks"],
        "created_at": time_text(row["created_at"]),
    }


def _refused(error: AccountError, known_tier: bool) -> Problem:
    message = f"{error}."[:1].upper() + f"{error}."[1:]
    if known_tier:
        return Problem(409, "account_exists", message, param="id")
    return Problem(422, "unknown_tier", message, param="tier")

"""`/api/v1/admin/…` about credits: grants, the history of an account, holds, the ledger's check."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from contracts.ids import from_text, task_text, to_text, uuid7
from contracts.money import CREDIT, TEST
from pydantic import Field
from runtime.db import Database
from runtime.outbox.recorder import Outbox
from starlette.requests import Request
from starlette.responses import Response

from gateway.db import accounts, grants
from gateway.domain.problem import Problem
from gateway.inbound.http.admin.accounts import ONE, Reason
from gateway.inbound.http.admin.door import (
    PATH,
    Door,
    account_of,
    account_parameter,
    account_text,
    actor,
    json,
    limit_of,
    no_account,
    uuid_from,
)
from gateway.inbound.http.forms import Form, read_form
from gateway.inbound.http.numbers import credits_number, time_text
from gateway.inbound.http.openapi import admin as described
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.query import Query
from gateway.inbound.http.v1.credits_history import answer
from gateway.outbound.ledger import Ledger
from gateway.usecases.grant_credits import GRANT, Grant, GrantRefused, grant_credits

MOST_CREDITS = 1_000_000_000
Credits = Annotated[Decimal, Field(ge=-MOST_CREDITS, le=MOST_CREDITS, decimal_places=6, strict=False)]


class GrantForm(Form):
    """The body of a grant: credits with at most six decimals, negative to take back."""

    credits: Credits
    reason: Reason
    kind: Literal["topup", "plan", "promotion", "refund", "adjustment"] = "adjustment"
    test: bool = False
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Money:
    """The routes."""

    door: Door
    db: Database
    outbox: Outbox
    ledger: Ledger

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        return [
            Operation("GET", f"{ONE}/grants", self.grants, described.grants()),
            Operation("POST", f"{ONE}/grants", self.grant, described.grant()),
            Operation("GET", f"{ONE}/credits/history", self.history, described.account_history()),
            Operation("GET", f"{PATH}/holds", self.holds, described.holds()),
            Operation("GET", f"{PATH}/ledger/check", self.last_check, described.last_check()),
            Operation("POST", f"{PATH}/ledger/check", self.check, described.check()),
        ]

    async def grants(self, request: Request) -> Response:
        """What was granted to an account and taken back, newest first."""
        await self.door(request)
        account_id = await self._account(request)
        query = Query(request)
        limit, filters = limit_of(query), f"grants {account_id}"
        after = self.door.after(query, filters)
        query.finish()
        rows = await grants.page(self.db.pool, account_id, after, limit + 1)
        return self.door.page(rows, limit, filters, _grant)

    async def grant(self, request: Request) -> Response:
        """Add credits, or take some back: what isn't there is written off, never owed."""
        caller = await self.door(request)
        form = await read_form(request, GrantForm)
        account_id = await self._account(request)
        grant_id = uuid7() if form.id is None else from_text(GRANT, form.id) or uuid_from(form.id)
        if grant_id is None:
            raise Problem(422, "invalid", "id must be grant_… or a UUID", param="id")
        if form.credits == 0:
            raise Problem(422, "invalid", "credits can't be 0", param="credits")
        asset, micro = TEST if form.test else CREDIT, int(form.credits.scaleb(6))
        wanted = Grant(grant_id, account_id, asset, micro, form.kind, form.reason, actor(caller))
        try:
            await grant_credits(self.db, self.outbox, wanted)
        except GrantRefused as refused:
            raise Problem(409, "grant_exists", f"{str(refused).capitalize()}.", param="id") from None
        return json(_grant(await grants.read(self.db.pool, grant_id)), 201)

    async def history(self, request: Request) -> Response:
        """Every movement of an account's credits; with `test=true` of its test credits."""
        await self.door(request)
        account_id = await self._account(request)
        query = Query(request)
        asset = TEST if query.flag("test") else CREDIT
        return await answer(query, account_id, asset, self.ledger, self.door.secret)

    async def holds(self, request: Request) -> Response:
        """Open holds; they end by their tasks' facts, or by the ledger's sweeper."""
        await self.door(request)
        query = Query(request)
        account_id, expired, limit = account_parameter(query), query.flag("expired"), limit_of(query)
        filters = orjson.dumps(["holds", account_id, expired]).decode()
        after = self.door.after(query, filters)
        query.finish()
        rows = await self.ledger.holds(account_id, expired, after, limit + 1)
        return self.door.page(rows, limit, filters, _hold, "task_id")

    async def last_check(self, request: Request) -> Response:
        """What the ledger's last check found."""
        await self.door(request)
        return json(await self.ledger.last_check())

    async def check(self, request: Request) -> Response:
        """Have the books proved."""
        await self.door(request)
        return json(await self.ledger.check())

    async def _account(self, request: Request) -> UUID:
        account_id = account_of(request)
        if await accounts.read(self.db.pool, account_id) is None:
            raise no_account(request)
        return account_id


def _grant(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "object": "grant",
        "id": to_text(GRANT, row["id"]),
        "account_id": account_text(row["account_id"]),
        "credits": credits_number(row["amount_micro"]),
        "test": row["asset"] == TEST,
        "kind": row["kind"],
        "reason": row["reason"],
        "granted_at": time_text(row["granted_at"]),
        "booked_at": time_text(row["answered_at"]),
    }


def _hold(row: Mapping[str, Any]) -> dict[str, Any]:
    times = {name: datetime.fromisoformat(row[name]) for name in ("frozen_at", "deadline", "expires_at")}
    return {
        "object": "hold",
        "task_id": task_text(UUID(row["task_id"])),
        "account_id": account_text(UUID(row["account_id"])),
        "test": row["asset"] == TEST,
        "held": credits_number(row["held_micro"]),
        **{name: time_text(at) for name, at in times.items()},
        "expired": row["expired"],
        "provider_outcome": row["provider_outcome"],
        "storage_outcome": row["storage_outcome"],
    }

"""`GET /api/v1/credits/history`: every movement of the account's credits, as the ledger has it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from contracts.ids import task_text, to_text
from starlette.requests import Request
from starlette.responses import Response

from gateway.domain import cursors
from gateway.inbound.http.admit import Admit
from gateway.inbound.http.numbers import credits_number, time_text
from gateway.inbound.http.openapi import credits as described
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.query import Query
from gateway.inbound.http.v1.task_reader import json_response
from gateway.outbound.ledger import Ledger
from gateway.usecases.grant_credits import GRANT

PATH = "/api/v1/credits/history"
MOST_PER_PAGE, PER_PAGE = 200, 50
_CURSOR_FAULT = "is not a cursor of this list: take `next_cursor` as it came"


@dataclass(frozen=True, slots=True)
class CreditsHistory:
    """The history; `secret` signs its cursors."""

    admit: Admit
    ledger: Ledger
    secret: bytes

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        return [Operation("GET", PATH, self.__call__, described.history())]

    async def __call__(self, request: Request) -> Response:
        """A page, newest first, of the asset that the key spends."""
        caller = await self.admit(request)
        return await answer(Query(request), caller.account_id, caller.asset, self.ledger, self.secret)


async def answer(query: Query, account_id: UUID, asset: str, ledger: Ledger, secret: bytes) -> Response:
    """A page of an account's history. Raises Problem 422, 503."""
    limit = query.whole("limit", PER_PAGE, 1, MOST_PER_PAGE)
    filters = f"history {asset}"
    read = partial(cursors.decode, account_id=account_id, filters=filters, secret=secret)
    after = query.check("cursor", query.text("cursor"), read, _CURSOR_FAULT)
    query.finish()
    found = await ledger.transfers(account_id, asset, None if after is None else after.int, limit + 1)
    following = None
    if len(found) > limit:
        last = UUID(int=found[limit - 1]["version"])
        following = cursors.encode(last, account_id, filters, secret)
    return json_response(orjson.dumps(_page(found[:limit], following)))


def _page(rows: Sequence[Mapping[str, Any]], following: str | None) -> dict[str, Any]:
    return {
        "object": "list",
        "data": [_entry(row) for row in rows],
        "has_more": following is not None,
        "next_cursor": following,
    }


def _entry(row: Mapping[str, Any]) -> dict[str, Any]:
    task, change = row["task_id"], row["change_id"]
    return {
        "object": "credit_transfer",
        "number": row["version"],
        "kind": row["kind"],
        "amount": credits_number(row["amount_micro"]),
        "available_change": credits_number(row["available_change_micro"]),
        "held_change": credits_number(row["held_change_micro"]),
        "available": credits_number(row["available_micro"]),
        "held": credits_number(row["held_micro"]),
        "task_id": None if task is None else task_text(UUID(task)),
        "grant_id": None if change is None else to_text(GRANT, UUID(change)),
        "grant_kind": row["change_kind"],
        "reason": row["reason"],
        "test": row["asset"] == "test",
        "at": time_text(datetime.fromisoformat(row["recorded_at"])),
    }

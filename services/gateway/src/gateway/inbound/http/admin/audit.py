"""`GET /api/v1/admin/audit`: who changed accounts, keys, credits and prices, when and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from contracts.ids import to_text
from runtime.db import Database
from starlette.requests import Request
from starlette.responses import Response

from gateway.db import audit
from gateway.inbound.http.admin.door import PATH, Door, account_parameter, account_text, limit_of
from gateway.inbound.http.numbers import time_text
from gateway.inbound.http.openapi import admin as described
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.query import Query


@dataclass(frozen=True, slots=True)
class AuditLog:
    """The route."""

    door: Door
    db: Database

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        return [Operation("GET", f"{PATH}/audit", self.page, described.audit())]

    async def page(self, request: Request) -> Response:
        """Entries, newest first: of an `account`, of an `action`, or all."""
        await self.door(request)
        query = Query(request)
        account_id, action, limit = account_parameter(query), query.text("action"), limit_of(query)
        filters = orjson.dumps(["audit", account_id, action]).decode()
        after = self.door.after(query, filters)
        query.finish()
        rows = await audit.page(self.db.pool, account_id, after, limit + 1, action)
        return self.door.page(rows, limit, filters, _entry)


def _entry(row: Mapping[str, Any]) -> dict[str, Any]:
    by, about = row["actor_account_id"], row["account_id"]
    return {
        "object": "audit_entry",
        "id": to_text("audit_", row["id"]),
        "at": time_text(row["at"]),
        "actor": row["actor"],
        "actor_account_id": None if by is None else account_text(by),
        "account_id": None if about is None else account_text(about),
        "action": row["action"],
        "subject": row["subject"],
        "reason": row["reason"],
        "detail": row["detail"],
    }

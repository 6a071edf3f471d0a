"""`GET /api/v1/admin/margin`: what customers paid against what providers bill."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runtime.db import Database
from starlette.requests import Request
from starlette.responses import Response

from gateway.db import margin
from gateway.db.margin import GROUPS
from gateway.inbound.http.admin.door import PATH, Door, json
from gateway.inbound.http.numbers import credits_number, currency_number, time_text
from gateway.inbound.http.openapi import margin as described
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.query import Query
from gateway.inbound.http.v1.usage import days_of, refuse_too_many

_FIGURES = ("tasks", "settled_micro", "cost_micro", "unknown_tasks", "unknown_settled_micro")
_FAULT = f"must be different ones of {', '.join(GROUPS)}"


@dataclass(frozen=True, slots=True)
class Margin:
    """The route."""

    door: Door
    db: Database
    currency: str

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        return [Operation("GET", f"{PATH}/margin", self.__call__, described.margin())]

    async def __call__(self, request: Request) -> Response:
        """Tasks that were requested from `from` on and before `to` and that a provider has finished."""
        await self.door(request)
        query = Query(request)
        groups = query.check("group_by", query.text("group_by"), _groups, _FAULT) or []
        since, before = days_of(query)
        query.finish()
        found = await margin.by_groups(self.db.pool, since, before, groups)
        refuse_too_many(found)
        rows = [{**_values(row, groups), **self._figures(row)} for row in found]
        total = {name: sum(row[name] for row in found) for name in _FIGURES}
        about = {"from": time_text(since), "to": time_text(before), "group_by": groups}
        return json({"object": "list", **about, "data": rows, "total": self._figures(total)})

    def _figures(self, row: Mapping[str, Any]) -> dict[str, Any]:
        micro = row["settled_micro"] - row["cost_micro"]
        return {
            "tasks": row["tasks"],
            "settled_credits": credits_number(row["settled_micro"]),
            "cost_credits": credits_number(row["cost_micro"]),
            "margin_credits": credits_number(micro),
            "margin": currency_number(micro),
            "currency": self.currency,
            "unknown_cost": {
                "tasks": row["unknown_tasks"],
                "settled_credits": credits_number(row["unknown_settled_micro"]),
            },
        }


def _groups(text: str) -> list[str] | None:
    groups = [each.strip() for each in text.split(",")]
    return groups if set(groups) <= set(GROUPS) and len(set(groups)) == len(groups) else None


def _values(row: Mapping[str, Any], groups: Sequence[str]) -> dict[str, Any]:
    return {name: row[f"g{number}"] for number, name in enumerate(groups)}

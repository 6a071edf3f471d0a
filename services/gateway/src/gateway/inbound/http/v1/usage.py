"""`GET /api/v1/usage`: what the account has used, by groups, as JSON or CSV."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from contracts.ids import to_text
from runtime.db import Database
from starlette.requests import Request
from starlette.responses import Response

from gateway.db import usage
from gateway.db.usage import GROUPS, METADATA, MOST_GROUPS
from gateway.domain.problem import Problem
from gateway.domain.wishes import MOST_NAME
from gateway.inbound.http.admit import Admit
from gateway.inbound.http.numbers import credits_number, currency_number, time_text
from gateway.inbound.http.openapi import usage as described
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.query import Query
from gateway.inbound.http.v1.task_reader import NO_STORE, json_response

PATH = "/api/v1/usage"
MOST_DAYS, USUAL_DAYS, MOST_BY = 366, 30, 4
_COUNTS = ("tasks", "succeeded", "failed", "cancelled")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Usage:
    """The route."""

    admit: Admit
    db: Database
    currency: str

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        return [Operation("GET", PATH, self.__call__, described.usage())]

    async def __call__(self, request: Request) -> Response:
        """Tasks that were requested from `from` on and before `to`, of the asset that the key spends."""
        caller = await self.admit(request)
        query = Query(request)
        groups = query.check("group_by", query.text("group_by"), _groups, _GROUPS_FAULT) or []
        as_csv = query.choices("format", ("json", "csv")) == ["csv"]
        since, before = days_of(query)
        query.finish()
        found = await usage.by_groups(self.db.pool, caller.account_id, caller.asset, since, before, groups)
        refuse_too_many(found)
        rows = [self._row(row, groups) for row in found]
        if as_csv or request.headers.get("accept", "").startswith("text/csv"):
            return _csv(rows, groups)
        about = {"from": time_text(since), "to": time_text(before), "group_by": groups}
        return json_response(orjson.dumps({"object": "list", **about, "data": rows}))

    def _row(self, row: Mapping[str, Any], groups: Sequence[str]) -> dict[str, Any]:
        values = {name: _value(name, row[f"g{number}"]) for number, name in enumerate(groups)}
        return {
            **values,
            **{name: row[name] for name in _COUNTS},
            "credits": credits_number(row["charged_micro"]),
            "open_credits": credits_number(row["open_micro"]),
            "cost": currency_number(row["charged_micro"]),
            "currency": self.currency,
        }


_GROUPS_FAULT = f"must be up to {MOST_BY} different ones of {', '.join(GROUPS)}, metadata.NAME"


def _groups(text: str) -> list[str] | None:
    groups = [each.strip() for each in text.split(",")]
    fit = all(each in GROUPS or (each > METADATA and each.startswith(METADATA)) for each in groups)
    short = all(len(each) <= len(METADATA) + MOST_NAME for each in groups)
    return groups if fit and short and len(set(groups)) == len(groups) <= MOST_BY else None


def days_of(query: Query) -> tuple[datetime, datetime]:
    """The parameters `from` and `to`. Raises Problem 422 for more than MOST_DAYS."""
    before = query.time("to") or datetime.now(UTC)
    least = datetime.min.replace(tzinfo=UTC) + timedelta(days=USUAL_DAYS)
    since = query.time("from") or max(before, least) - timedelta(days=USUAL_DAYS)
    if before <= since or before - since > timedelta(days=MOST_DAYS):
        message = f"from must be before to, by {MOST_DAYS} days at most"
        raise Problem(422, "out_of_range", message, param="from")
    return since, before


def refuse_too_many(found: Sequence[Any]) -> None:
    """Raises Problem 422."""
    if len(found) > MOST_GROUPS:
        message = f"These are more than {MOST_GROUPS} groups: ask for fewer days or groups."
        raise Problem(422, "too_many_groups", message, param="group_by")


def _value(name: str, value: str | None) -> str | None:
    return to_text("key_", UUID(value)) if name == "key" and value is not None else value


def _csv(rows: Sequence[Mapping[str, Any]], groups: Sequence[str]) -> Response:
    names = [*groups, *_COUNTS, "credits", "open_credits", "cost", "currency"]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([_cell(name) for name in names])
    for row in rows:
        plain = orjson.loads(orjson.dumps(dict(row)))
        writer.writerow([_cell(plain[name]) for name in names])
    headers = {**NO_STORE, "Content-Disposition": 'attachment; filename="usage.csv"'}
    return Response(text.getvalue(), headers=headers, media_type="text/csv")


def _cell(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula is told to be a text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value

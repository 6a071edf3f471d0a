"""How the operator's margin is described in the OpenAPI document."""

from typing import Any

from gateway.inbound.http.openapi.parts import NUMBER, TEXT, TIME, Document, query, read

_FIGURES: dict[str, Any] = {
    "tasks": {"type": "integer", "description": "That a provider has finished"},
    "settled_credits": {**NUMBER, "description": "What customers paid, where the cost is known"},
    "cost_credits": {**NUMBER, "description": "What providers bill for the attempts that finished them"},
    "margin_credits": {**NUMBER, "description": "The former less the latter; may be negative"},
    "margin": {**NUMBER, "description": "The same in currency"},
    "currency": TEXT,
    "unknown_cost": {
        "type": "object",
        "required": ["tasks", "settled_credits"],
        "description": "Successes whose cost is not known: in no other figure but `tasks`",
        "properties": {"tasks": {"type": "integer"}, "settled_credits": NUMBER},
    },
}
_ROW: Document = {
    "type": "object",
    "required": list(_FIGURES),
    "description": "Beside these, a field for each of `group_by`",
    "properties": {
        **_FIGURES,
        "day": {**TEXT, "examples": ["2026-11-21"]},
        "model": TEXT,
        "provider": {"type": ["string", "null"]},
    },
}
_TOTAL: Document = {"type": "object", "required": list(_FIGURES), "properties": _FIGURES}
_PAGE: Document = {
    "type": "object",
    "required": ["object", "from", "to", "group_by", "data", "total"],
    "properties": {
        "object": {"const": "list"},
        "from": TIME,
        "to": TIME,
        "group_by": {"type": "array", "items": {"enum": ["day", "model", "provider"]}},
        "data": {"type": "array", "items": _ROW},
        "total": _TOTAL,
    },
}


def margin() -> Document:
    """`GET /api/v1/admin/margin`."""
    when: Document = {"type": "string", "format": "date-time"}
    return read(
        "What customers paid against what providers bill",
        _PAGE,
        query("group_by", TEXT, "Of `day` (UTC), `model`, `provider`"),
        query("from", when, "Tasks requested from then on; without: 30 days before `to`"),
        query("to", when, "Tasks requested before; without: now. The range has 366 days at most"),
        errors_of=(422,),
    )

"""How an account's credits and their history are described in the OpenAPI document."""

from gateway.inbound.http.openapi.parts import (
    NUMBER,
    TEXT,
    TIME,
    Document,
    errors,
    list_of,
    query,
    read,
)

_NULLABLE: Document = {"type": ["string", "null"]}
KINDS = ("grant", "freeze", "settle", "release", "expire", "takeback", "writeoff")
MEANINGS = (
    "`grant` adds; `freeze` sets a task's quote aside; `settle` takes what it cost from that, "
    "`release` (or `expire`) gives back the rest; `takeback` is taken by the operator, and "
    "`writeoff` is what the operator could not take because it was not there"
)
TRANSFER: Document = {
    "type": "object",
    "required": [
        "object",
        "number",
        "kind",
        "amount",
        "available_change",
        "held_change",
        "available",
        "held",
    ],
    "properties": {
        "object": {"const": "credit_transfer"},
        "number": {"type": "integer", "description": "Counts the account's transfers without a gap, from 2"},
        "kind": {
            "enum": list(KINDS),
            "description": MEANINGS,
        },
        "amount": {**NUMBER, "description": "In credits, above zero"},
        "available_change": {**NUMBER, "description": "What it did to the available credits"},
        "held_change": {**NUMBER, "description": "What it did to the held credits"},
        "available": {**NUMBER, "description": "Available after it"},
        "held": {**NUMBER, "description": "Held after it"},
        "task_id": _NULLABLE,
        "grant_id": _NULLABLE,
        "grant_kind": _NULLABLE,
        "reason": _NULLABLE,
        "test": {"type": "boolean"},
        "at": TIME,
    },
}
LIMIT = query("limit", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}, "Per page")
CURSOR = query("cursor", TEXT, "`next_cursor` of the page before")


def page_of(schema: Document) -> Document:
    """A list that is read by pages."""
    listed = list_of(schema)
    listed["properties"] |= {"has_more": {"type": "boolean"}, "next_cursor": _NULLABLE}
    listed["required"] += ["has_more", "next_cursor"]
    return listed


def history() -> Document:
    """`GET /api/v1/credits/history`."""
    described = read("Every movement of the account's credits", page_of(TRANSFER), LIMIT, CURSOR)
    described["description"] = "Newest first. Exact: each line's balances follow from the line below it."
    described["responses"].update(errors(422, 503))
    return described

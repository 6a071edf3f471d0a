"""How an account's usage is described in the OpenAPI document."""

from gateway.inbound.http.openapi.parts import NUMBER, TEXT, Document, list_of, query, read

_WHEN: Document = {"type": "string", "format": "date-time"}
_COUNT: Document = {"type": "integer"}
_ROW: Document = {
    "type": "object",
    "required": ["tasks", "succeeded", "failed", "cancelled", "credits", "open_credits", "cost", "currency"],
    "description": "Beside these, a field for each of `group_by`",
    "properties": {
        "tasks": _COUNT,
        "succeeded": _COUNT,
        "failed": _COUNT,
        "cancelled": _COUNT,
        "credits": {**NUMBER, "description": "What they cost"},
        "open_credits": {**NUMBER, "description": "What those that are not over may still cost at most"},
        "cost": {**NUMBER, "description": "The credits in currency"},
        "currency": TEXT,
    },
}


def usage() -> Document:
    """`GET /api/v1/usage`."""
    described = read(
        "What the account has used",
        list_of(_ROW),
        query("group_by", TEXT, "Up to four of `day` (UTC), `model`, `key`, `metadata.NAME`"),
        query("from", _WHEN, "Tasks requested from then on; without: 30 days before `to`"),
        query("to", _WHEN, "Tasks requested before; without: now. The range has 366 days at most"),
        query("format", {"enum": ["json", "csv"]}, "CSV also for `Accept: text/csv`"),
        errors_of=(422,),
    )
    described["responses"]["200"]["content"]["text/csv"] = {"schema": TEXT}
    return described

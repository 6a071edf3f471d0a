"""How the operator's routes about accounts, credits and the audit log are described."""

from typing import Any

from gateway.inbound.http.openapi.credits import CURSOR, LIMIT, TRANSFER, page_of
from gateway.inbound.http.openapi.keys import KEY, SCOPES
from gateway.inbound.http.openapi.parts import (
    NUMBER,
    TEXT,
    TIME,
    Document,
    errors,
    json_of,
    list_of,
    path,
    query,
    read,
)

_NULLABLE: Document = {"type": ["string", "null"]}
_WHOLE: Document = {"type": ["integer", "null"], "minimum": 1}
_CREDITS: Document = {
    "type": "object",
    "required": ["available", "held", "pending"],
    "properties": {
        "available": NUMBER,
        "held": NUMBER,
        "pending": {**NUMBER, "description": "Asked for and not answered by the ledger yet"},
    },
}
_ACCOUNT: Document = {
    "type": "object",
    "required": ["id", "uuid", "name", "tier", "role", "status", "created_at"],
    "properties": {
        "object": {"const": "account"},
        "id": {**TEXT, "examples": ["acct_01KA8Z5Y3QH4V7N2M9X6T8R0BC"]},
        "uuid": {**TEXT, "description": "The same id as logs and the services' commands show it"},
        "name": TEXT,
        "tier": TEXT,
        "role": {"enum": ["user", "admin"], "description": "admin: its keys open `/api/v1/admin`"},
        "status": {"enum": ["active", "disabled"]},
        "retention_days": _WHOLE,
        "max_live_tasks": _WHOLE,
        "created_at": TIME,
        "credits": _CREDITS,
        "test_credits": _CREDITS,
    },
}
_GRANT: Document = {
    "type": "object",
    "required": ["id", "account_id", "credits", "kind", "reason", "granted_at"],
    "properties": {
        "object": {"const": "grant"},
        "id": TEXT,
        "account_id": TEXT,
        "credits": {**NUMBER, "description": "Negative: taken back"},
        "test": {"type": "boolean"},
        "kind": {"enum": ["topup", "plan", "promotion", "refund", "adjustment"]},
        "reason": TEXT,
        "granted_at": TIME,
        "booked_at": {**TIME, "description": "When the ledger's answer came; null: not yet"},
    },
}
_HOLD: Document = {
    "type": "object",
    "required": ["task_id", "account_id", "held", "expires_at", "expired"],
    "properties": {
        "object": {"const": "hold"},
        "task_id": TEXT,
        "account_id": TEXT,
        "test": {"type": "boolean"},
        "held": NUMBER,
        "frozen_at": TIME,
        "deadline": TIME,
        "expires_at": TIME,
        "expired": {"type": "boolean", "description": "Past its time: the ledger's sweeper releases it"},
        "provider_outcome": _NULLABLE,
        "storage_outcome": _NULLABLE,
    },
}
_CHECK: Document = {
    "type": "object",
    "required": ["running", "last"],
    "properties": {
        "running": {"type": "boolean"},
        "last": {
            "type": ["object", "null"],
            "properties": {
                "started_at": TIME,
                "ended_at": TIME,
                "right": {"type": "boolean"},
                "error": _NULLABLE,
                "findings": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "invariant": TEXT,
                            "says": TEXT,
                            "figures": TEXT,
                            "wrong": {"type": "integer"},
                            "example": _NULLABLE,
                        },
                    },
                },
            },
        },
    },
}
_ENTRY: Document = {
    "type": "object",
    "required": ["id", "at", "actor", "action", "subject"],
    "properties": {
        "object": {"const": "audit_entry"},
        "id": TEXT,
        "at": TIME,
        "actor": {**TEXT, "description": "A key's id, or `command line`"},
        "actor_account_id": _NULLABLE,
        "account_id": _NULLABLE,
        "action": {**TEXT, "examples": ["credits.granted", "key.created", "account.changed"]},
        "subject": TEXT,
        "reason": _NULLABLE,
        "detail": {"type": "object", "description": "What belongs to an action of this kind"},
    },
}
_SETTABLE: dict[str, Any] = {
    "name": {"type": "string", "minLength": 1, "maxLength": 100},
    "tier": TEXT,
    "role": {"enum": ["user", "admin"]},
    "status": {"enum": ["active", "disabled"]},
    "retention_days": {**_WHOLE, "maximum": 3650, "description": "null: tasks are never deleted"},
    "max_live_tasks": {**_WHOLE, "maximum": 1_000_000, "description": "null: its tier's"},
    "reason": {"type": "string", "minLength": 1, "maxLength": 500},
}
ACCOUNT = query("account", TEXT, "Of one account: `acct_…` or its UUID")
_ONE = path("account_id")


def body_of(required: list[str], properties: dict[str, Any]) -> Document:
    """A request body that is an object of these fields."""
    schema = {
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
    }
    return {"required": True, "content": json_of(schema)}


def made(summary: str, schema: Document, body: Document, *parameters: Document) -> Document:
    """An operation that makes something: 201."""
    return {
        "summary": summary,
        "parameters": list(parameters),
        "requestBody": body,
        "responses": {
            "201": {"description": "Made", "content": json_of(schema)},
            **errors(400, 401, 403, *((404,) if parameters else ()), 409, 413, 422, 429),
        },
    }


def accounts() -> Document:
    """`GET /api/v1/admin/accounts`."""
    found = query("q", TEXT, "Part of the name")
    tier, status = query("tier", TEXT, "Of this tier"), query("status", TEXT, "active or disabled")
    return read(
        "Accounts, newest first", page_of(_ACCOUNT), LIMIT, CURSOR, found, tier, status, errors_of=(422,)
    )


def create_account() -> Document:
    """`POST /api/v1/admin/accounts`."""
    properties = {
        "name": _SETTABLE["name"],
        "tier": TEXT,
        "id": {**TEXT, "description": "With it the same request again is fine"},
    }
    return made("Make an account", _ACCOUNT, body_of(["name"], properties))


def account() -> Document:
    """`GET /api/v1/admin/accounts/{account_id}`."""
    return read("An account with its credits", _ACCOUNT, _ONE, errors_of=(404,))


def change_account() -> Document:
    """`PATCH /api/v1/admin/accounts/{account_id}`."""
    described = read("Change, disable or enable an account", _ACCOUNT, _ONE)
    described["requestBody"] = body_of([], _SETTABLE)
    described["responses"].update(errors(400, 404, 413, 422))
    return described


def account_keys() -> Document:
    """`GET /api/v1/admin/accounts/{account_id}/keys`."""
    return read("An account's keys", list_of(KEY), _ONE, errors_of=(404,))


def create_account_key() -> Document:
    """`POST /api/v1/admin/accounts/{account_id}/keys`."""
    test = {"type": "boolean", "default": False}
    body = body_of(["name"], {"name": _SETTABLE["name"], "scopes": SCOPES, "test": test})
    schema = {**KEY, "properties": {**KEY["properties"], "key": TEXT}}
    return made("Make a key for an account", schema, body, _ONE)


def grants() -> Document:
    """`GET /api/v1/admin/accounts/{account_id}/grants`."""
    return read("What was granted and taken back", page_of(_GRANT), _ONE, LIMIT, CURSOR, errors_of=(404, 422))


def grant() -> Document:
    """`POST /api/v1/admin/accounts/{account_id}/grants`."""
    properties = {
        "credits": {**NUMBER, "description": "At most six decimals, not 0; negative to take back"},
        "reason": _SETTABLE["reason"],
        "kind": {**_GRANT["properties"]["kind"], "default": "adjustment"},
        "test": {"type": "boolean", "default": False},
        "id": {**TEXT, "description": "With it the same request again is fine"},
    }
    body = body_of(["credits", "reason"], properties)
    described = made("Grant credits or take some back", _GRANT, body, _ONE)
    described["description"] = "What is to be taken back and isn't there is written off: nobody owes credits."
    return described


def account_history() -> Document:
    """`GET /api/v1/admin/accounts/{account_id}/credits/history`."""
    test = query("test", {"type": "boolean"}, "Test credits")
    return read(
        "Every movement of an account's credits",
        page_of(TRANSFER),
        _ONE,
        LIMIT,
        CURSOR,
        test,
        errors_of=(404, 422, 503),
    )


def holds() -> Document:
    """`GET /api/v1/admin/holds`."""
    expired = query("expired", {"type": "boolean"}, "Only those past their time, or only others")
    described = read("Open holds", page_of(_HOLD), LIMIT, CURSOR, ACCOUNT, expired, errors_of=(422, 503))
    described["description"] = "Holds end by what becomes of their tasks, or by the ledger's sweeper alone."
    return described


def last_check() -> Document:
    """`GET /api/v1/admin/ledger/check`."""
    return read("What the ledger's last check of its books found", _CHECK, errors_of=(503,))


def check() -> Document:
    """`POST /api/v1/admin/ledger/check`."""
    described = read("Have the ledger prove its books", _CHECK, errors_of=(503,))
    described["description"] = "After 20 seconds the answer may be that it is still `running`: ask again."
    return described


def audit() -> Document:
    """`GET /api/v1/admin/audit`."""
    action = query("action", TEXT, "Of one action, such as `credits.granted`")
    return read(
        "Who changed accounts, keys, credits and prices",
        page_of(_ENTRY),
        LIMIT,
        CURSOR,
        ACCOUNT,
        action,
        errors_of=(422,),
    )

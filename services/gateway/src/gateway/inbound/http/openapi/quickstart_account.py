"""How the account's side of `/api` is described in the OpenAPI document."""

from typing import Any

from gateway.inbound.http.openapi.credits import KINDS, MEANINGS
from gateway.inbound.http.openapi.examples import Maybe, OneOf
from gateway.inbound.http.openapi.parts import TEXT, Document, path, query
from gateway.inbound.http.openapi.quickstart_parts import TASK, body_of, operation

_TIER = OneOf("starter", ("free", "starter", "creator", "pro", "studio", "enterprise"))
LIMITS: dict[str, Any] = {
    "max_resolution": "1080p",
    "max_frames": 121,
    "watermark": False,
    "max_active_jobs": Maybe(100),
    "submits_per_minute": 60,
    "reads_per_minute": 1200,
}
_KEY: dict[str, Any] = {
    "id": "key_01KA8Z5Y3QH4V7N2M9X6T8R0BC",
    "prefix": "mv_live_9fQ2",
    "name": "My App",
    "created_at": "2026-11-21T08:00:00.000Z",
    "last_used": Maybe("2026-11-21T08:00:00.000Z"),
    "is_active": True,
}


def check() -> Document:
    """`GET /api/auth/check`."""
    example = {
        "authenticated": True,
        "is_admin": False,
        "is_test": False,
        "tier": _TIER,
        "credits": 471.0,
        "limits": LIMITS,
    }
    return operation("Whose key it is, and what the tier allows", example, errors_of=(400,))


def balance() -> Document:
    """`GET /api/credits`."""
    example = {"balance": 471.0, "held": 29.0, "tier": _TIER, "monthly_allowance": 500}
    return operation("The account's credits", example, errors_of=(400,))


def history() -> Document:
    """`GET /api/credits/history`."""
    entry = {
        "id": 7,
        "type": OneOf("settle", KINDS),
        "amount": 29.0,
        "balance_change": -29.0,
        "balance": 471.0,
        "held": 0.0,
        "job_id": Maybe(TASK),
        "reason": Maybe("completed"),
        "created_at": "2026-11-21T08:01:10.000Z",
    }
    limit = query("limit", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}, "How many")
    before = query("before", {"type": "integer", "minimum": 1}, "Only older ones than this id")
    example = {"transactions": [entry], "limit": 50, "has_more": False}
    described = operation(
        "Every movement of credits, newest first", example, limit, before, errors_of=(400, 503)
    )
    described["description"] = f"`type`: {MEANINGS}. Exact: each `balance` follows from the one below it."
    return described


def usage(most: int, default: int) -> Document:
    """`GET /api/analytics/usage`."""
    day = {"date": "2026-11-21", "generations": 4, "images": 2, "completed": 5, "credits_spent": 91.0}
    parameter = query(
        "days", {"type": "integer", "minimum": 1, "maximum": most, "default": default}, "How many, with today"
    )
    return operation("What was made and spent, by day in UTC", {"days": [day]}, parameter, errors_of=(400,))


def summary() -> Document:
    """`GET /api/analytics/summary`."""
    example = {
        "total_generations": 124,
        "total_images": 31,
        "video_minutes": 7.03,
        "favourite_model": Maybe("wan-t2v"),
        "credits_spent": 2912.0,
    }
    return operation("What was ever made; the minutes are of videos still there", example, errors_of=(400,))


def keys() -> Document:
    """`GET /api/keys`."""
    return operation("The account's keys, revoked ones too", {"keys": [_KEY]})


def create_key() -> Document:
    """`POST /api/keys`."""
    name = {**TEXT, "minLength": 1, "maxLength": 100}
    return operation(
        "Make a key; only this answer has all of it",
        {**_KEY, "key": "mv_live_…"},
        errors_of=(400, 409, 413),
        body=body_of(["name"], {"name": name}, {"name": "My App"}),
    )


def revoke_key() -> Document:
    """`DELETE /api/keys/{key_id}`."""
    return operation(
        "Revoke a key; once more, and it leaves the list",
        {"id": _KEY["id"], "revoked": True},
        path("key_id"),
        errors_of=(404,),
    )

"""How the operator's routes about tasks are described."""

from typing import Any

from gateway.inbound.http.openapi.admin import ACCOUNT
from gateway.inbound.http.openapi.credits import CURSOR, LIMIT, page_of
from gateway.inbound.http.openapi.parts import TEXT, Document, path, query, read
from gateway.inbound.http.openapi.task_schemas import EVENT, TASK

_NULLABLE: Document = {"type": ["string", "null"]}
_WHEN = {"type": "string", "format": "date-time"}
_MORE: dict[str, Any] = {
    "account_id": TEXT,
    "key_id": _NULLABLE,
    "uuid": {**TEXT, "description": "The same id as logs and the services' commands show it"},
    "surface": TEXT,
    "idempotency_key": _NULLABLE,
}
_TASK: Document = {**TASK, "properties": {**TASK["properties"], **_MORE}}
_EVENTS: Document = {"type": "array", "items": EVENT}


def search() -> Document:
    """`GET /api/v1/admin/tasks`."""
    described = read(
        "Tasks of any account, newest first",
        page_of(_TASK),
        LIMIT,
        CURSOR,
        ACCOUNT,
        query("status", TEXT, "One or several, separated by commas"),
        query("model", TEXT, "A model's slug"),
        query("q", TEXT, "Part of the metadata"),
        query("created_after", _WHEN, "Inclusive"),
        query("created_before", _WHEN, "Exclusive"),
        query("provider_job_id", TEXT, "The provider's id of a job, and no other parameter"),
        errors_of=(422, 503),
    )
    described["description"] = "A page may be short, or empty, while `has_more` is true."
    return described


def document() -> Document:
    """`GET /api/v1/admin/tasks/{task_id}`."""
    schema = {**_TASK, "properties": {**_TASK["properties"], "events": _EVENTS}}
    return read("A task of any account with its history", schema, path("task_id"), errors_of=(404,))

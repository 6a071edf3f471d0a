"""How the operator's routes about tasks are described."""

from typing import Any

from gateway.inbound.http.openapi.admin import ACCOUNT
from gateway.inbound.http.openapi.credits import CURSOR, LIMIT, page_of
from gateway.inbound.http.openapi.examples import AnyObject, Maybe, OneOf, plain, schema
from gateway.inbound.http.openapi.parts import TEXT, Document, path, query, read
from gateway.inbound.http.openapi.task_schemas import EVENT, TASK
from gateway.outbound.services import NAMES

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
_STORY: dict[str, Any] = {
    "task_id": "task_01KA8Z5Y3QH4V7N2M9X6T8R0BC",
    "uuid": "019aa8f2-f877-7bdc-9a2a-5d2f74e0a5d0",
    "status": "succeeded",
    "moments": [
        {
            "service": OneOf("dispatcher", NAMES),
            "at": "2026-11-21T08:00:01.250Z",
            "what": "taken by ark",
            "attempt": Maybe(1),
            "said": AnyObject({"provider_job_id": "cgt-20261121-7f3a"}),
        }
    ],
    "silent": [{"service": OneOf("storage", NAMES), "reason": "Something of ours can't be reached."}],
}
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
    shape = {**_TASK, "properties": {**_TASK["properties"], "events": _EVENTS}}
    return read("A task of any account with its history", shape, path("task_id"), errors_of=(404,))


def story() -> Document:
    """`GET /api/v1/admin/tasks/{task_id}/trace`."""
    shape = {**schema(_STORY), "example": plain(_STORY)}
    described = read(
        "A task's whole story, from every service's own records", shape, path("task_id"), errors_of=(404,)
    )
    described["description"] = "In time order. `silent` names the services that could not be asked, and why."
    return described

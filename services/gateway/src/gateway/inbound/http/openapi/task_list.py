"""How the list of tasks is described in the OpenAPI document."""

from gateway.inbound.http.openapi.parts import TEXT, Document, list_of, query, read
from gateway.inbound.http.openapi.task_schemas import TASK

_WHEN = {"type": "string", "format": "date-time"}


def listed() -> Document:
    """`GET /api/v1/tasks`."""
    schema = list_of(TASK)
    schema["properties"] |= {
        "has_more": {"type": "boolean"},
        "next_cursor": {"type": ["string", "null"]},
        "not_found": {"type": "array", "items": TEXT, "description": "With `ids`: those that aren't there"},
    }
    schema["required"] += ["has_more", "next_cursor"]
    described = read(
        "Tasks, newest first",
        schema,
        query("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}, "Tasks per page"),
        query("cursor", TEXT, "`next_cursor` of the page before"),
        query("status", TEXT, "One or several of the statuses, separated by commas"),
        query("model", TEXT, "A model's slug"),
        query("created_after", _WHEN, "Inclusive"),
        query("created_before", _WHEN, "Exclusive"),
        query("test", {"type": "boolean"}, "Only tasks of test keys, or only others"),
        query("ids", TEXT, "Up to 100 task ids, separated by commas, and nothing else"),
        {
            "name": "metadata",
            "in": "query",
            "required": False,
            "style": "form",
            "explode": True,
            "schema": {"type": "object", "maxProperties": 0, "additionalProperties": TEXT},
            "description": "`metadata.NAME=VALUE`, any number of times: tasks with all of them",
        },
        errors_of=(422,),
    )
    described["description"] = (
        "Newest first, in a stable order: who follows `next_cursor` sees every task that was there at the "
        "beginning once. A page may be short, or empty, while `has_more` is true. "
        "Deleted tasks are only found by their ids."
    )
    return described

"""How tasks are described in the OpenAPI document."""

from gateway.inbound.http.openapi.parts import (
    TEXT,
    Document,
    errors,
    header,
    json_of,
    list_of,
    path,
    query,
    read,
)
from gateway.inbound.http.openapi.task_schemas import (
    ESTIMATE,
    EVENT,
    RECEIPT,
    SUBMIT_BODY,
    TASK,
    TASK_CONFLICT,
)


def submit() -> Document:
    """`POST /api/v1/tasks`."""
    headers = {"Location": {"schema": TEXT}, "Idempotent-Replayed": {"schema": TEXT}}
    accepted = {
        "description": "Accepted, or the same as before",
        "content": json_of(RECEIPT),
        "headers": headers,
    }
    return {
        "summary": "Submit a request",
        "parameters": [
            header("Idempotency-Key", "Unique per request of yours; the same again gives the same task")
        ],
        "requestBody": {"required": True, "content": json_of(SUBMIT_BODY)},
        "responses": {"202": accepted, **errors(400, 401, 402, 403, 404, 409, 413, 422, 429, 503)},
    }


def events() -> Document:
    """`GET /api/v1/tasks/{task_id}/events`."""
    described = read(
        "A task's history",
        list_of(EVENT),
        path("task_id"),
        header("Last-Event-ID", "With `Accept: text/event-stream`: go on after this event"),
        errors_of=(404, 503),
    )
    described["responses"]["200"]["content"]["text/event-stream"] = {"schema": TEXT}
    described["responses"]["204"] = {"description": "The stream ended with the event you saw last"}
    return described


def document(most_wait_seconds: int) -> Document:
    """`GET /api/v1/tasks/{task_id}`."""
    seconds = {"type": "integer", "minimum": 0, "maximum": most_wait_seconds}
    wait = query("wait", seconds, "Answer when the task is final, or after so many seconds")
    return read("A task", TASK, path("task_id"), wait, errors_of=(404, 422, 503))


def estimate() -> Document:
    """`POST /api/v1/tasks/estimate`."""
    described = read("What a request would cost", ESTIMATE, errors_of=(400, 404, 413, 422, 503))
    return {**described, "requestBody": {"required": True, "content": json_of(SUBMIT_BODY)}}


def cancel() -> Document:
    """`POST /api/v1/tasks/{task_id}/cancel`."""
    described = read("Stop a task", TASK, path("task_id"), errors_of=(404,))
    asked = {"description": "Asked for: what it held comes back with its end", "content": json_of(TASK)}
    described["responses"]["200"]["description"] = "It is cancelled"
    described["responses"] |= {"202": asked, "409": _conflict("It ended otherwise")}
    return described


def delete() -> Document:
    """`DELETE /api/v1/tasks/{task_id}`."""
    described = read("Forget what a task was made of", TASK, path("task_id"), errors_of=(404,))
    described["description"] = (
        "Prompt, inputs and outputs are scrubbed, links revoked and files deleted; what it cost stays. "
        "The message bus and the outbox keep their copies for 7 days, then they forget too."
    )
    described["responses"]["200"]["description"] = "What is left of it"
    described["responses"]["409"] = _conflict("It is not over")
    return described


def revoke() -> Document:
    """`DELETE /api/v1/tasks/{task_id}/links`."""
    shown: Document = {
        "object": {"const": "task.links"},
        "task_id": {"type": "string"},
        "revoked": {"type": "integer", "description": "How many links are dead now"},
    }
    schema = {"type": "object", "required": list(shown), "properties": shown}
    described = read("Revoke the links to a task's results", schema, path("task_id"), errors_of=(404,))
    described["description"] = "The addresses are dead for good; the task's document still shows them."
    described["responses"]["409"] = _conflict("It is not over")
    return described


def revoke_one() -> Document:
    """`DELETE /api/v1/tasks/{task_id}/links/{token}`."""
    described = revoke()
    described["summary"] = "Revoke one link to a result"
    described["parameters"].append(path("token"))
    return described


def _conflict(words: str) -> Document:
    return {"description": words, "content": json_of(TASK_CONFLICT)}

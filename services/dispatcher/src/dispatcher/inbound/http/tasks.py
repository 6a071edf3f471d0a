"""`POST /internal/task-states`: how tasks stand, asked by the gateway for their documents."""

from uuid import UUID

import orjson
from runtime.db import Database
from runtime.internal import InternalRoutes, Refusal, answer, body_of
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatcher.db import task_states

MOST_ASKED = 200


class TaskStates:
    """The routes about tasks."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def routes(self, internal: InternalRoutes) -> list[Route]:
        """All of them."""
        return [
            internal.route("GET", "/tasks", self.of_provider_job),
            internal.route("POST", "/task-states", self.states),
        ]

    async def of_provider_job(self, request: Request) -> Response:
        """The tasks of a `provider_job_id`. Refusal 422 without one."""
        job_id = request.query_params.get("provider_job_id", "").replace("\0", "")
        if not job_id:
            raise Refusal(422, "required", "provider_job_id is required.", "provider_job_id")
        found = await task_states.of_provider_job(self._db.pool, job_id)
        return answer({"data": [str(task_id) for task_id in found]})

    async def states(self, request: Request) -> Response:
        """By task id, the attempts and when the dispatcher looks at it next; unknown tasks are left out.

        `{"task_ids": […]}`, at most MOST_ASKED. Refusal 422 for anything else.
        """
        return answer({"data": await task_states.read(self._db.pool, _task_ids(await body_of(request)))})


def _task_ids(body: bytes) -> list[UUID]:
    try:
        found = [UUID(text) for text in orjson.loads(body)["task_ids"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _unfit("must be a list of UUIDs") from None
    if len(found) > MOST_ASKED:
        raise _unfit(f"may name at most {MOST_ASKED} tasks")
    return found


def _unfit(message: str) -> Refusal:
    return Refusal(422, "invalid", f"task_ids {message}.", "task_ids")

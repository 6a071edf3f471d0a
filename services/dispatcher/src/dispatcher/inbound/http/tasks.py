"""`GET /internal/tasks/{id}`: how a task stands, asked by the gateway for its document."""

from runtime.db import Database
from runtime.internal import InternalRoutes, Refusal, answer
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatcher.db import task_states


class TaskStates:
    """The routes about tasks."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def routes(self, internal: InternalRoutes) -> list[Route]:
        """All of them."""
        return [
            internal.route("GET", "/tasks", self.of_provider_job),
            internal.route("GET", "/tasks/{id:uuid}", self.state),
        ]

    async def of_provider_job(self, request: Request) -> Response:
        """The tasks of a `provider_job_id`. Refusal 422 without one."""
        job_id = request.query_params.get("provider_job_id", "").replace("\0", "")
        if not job_id:
            raise Refusal(422, "required", "provider_job_id is required.", "provider_job_id")
        found = await task_states.of_provider_job(self._db.pool, job_id)
        return answer({"data": [str(task_id) for task_id in found]})

    async def state(self, request: Request) -> Response:
        """Its attempts and when the dispatcher looks at it next. Refusal 404: no such job (yet)."""
        state = await task_states.read(self._db.pool, request.path_params["id"])
        if state is None:
            raise Refusal(404, "task_not_found", "The dispatcher has not heard of this task.", "id")
        return answer(state)

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
        return [internal.route("GET", "/tasks/{id:uuid}", self.state)]

    async def state(self, request: Request) -> Response:
        """Its attempts and when the dispatcher looks at it next. Refusal 404: no such job (yet)."""
        state = await task_states.read(self._db.pool, request.path_params["id"])
        if state is None:
            raise Refusal(404, "task_not_found", "The dispatcher has not heard of this task.", "id")
        return answer(state)

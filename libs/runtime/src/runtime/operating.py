"""What an operator asks of any service: its dead letters, its outbox once more, what it knows of a task."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from runtime import story
from runtime.bus.letters import Letters, NotReplayed
from runtime.internal import Given, InternalRoutes, Refusal, answer, body_of
from runtime.outbox import replay
from runtime.outbox.relay import Cursor

MOST = 500
_MOST_ID = (1 << 63) - 1


class Operating:
    """The questions as functions; each raises Refusal. `routes` has them asked over HTTP."""

    def __init__(self, letters: Letters, story: str) -> None:
        self._letters, self._story = letters, story

    async def page(self, still_open: bool | None, before: int | None, limit: int) -> dict[str, Any]:
        """Dead letters, newest first, and how many are open."""
        found = await self._letters.page(still_open, before, limit)
        return {"open": await self._letters.open(), "data": found}

    async def show(self, letter_id: int) -> dict[str, Any]:
        """One with its record. Refusal 404."""
        found = await self._letters.show(letter_id)
        if found is None:
            raise _no_letter(letter_id)
        return found

    async def replay(self, letter_id: int) -> dict[str, Any]:
        """Handle one again; the letter after it. Refusal 404, 409 when it still can't be handled."""
        try:
            if not await self._letters.replay(letter_id):
                raise _no_letter(letter_id)
        except NotReplayed as error:
            raise Refusal(409, error.code, str(error)) from None
        return await self.show(letter_id)

    async def replay_outbox(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Send outbox rows again: exactly one of `since` (ISO 8601), `after` (a cursor), `everything`.

        Refusal 422, or 409 for rows that are gone or were never sent.
        """
        moment, cursor = _beginning(wanted)
        try:
            async with self._letters.db.transaction() as tx:
                made = await (replay.after(tx, cursor) if cursor else replay.since(tx, moment))
        except replay.ReplayRefused as error:
            raise Refusal(409, "replay_refused", f"{error}.") from None
        return {"rows": made.rows, "after": replay.text(made.after)}

    async def story(self, task_id: UUID) -> list[dict[str, Any]]:
        """What happened to a task here, in time order; nothing of one that is not known."""
        return await story.read(self._letters.db.pool, self._story, task_id)

    def routes(self, internal: InternalRoutes) -> list[Route]:
        """All of them."""
        one = "/dead-letters/{id:int}"
        return [
            internal.route("GET", "/dead-letters", self._page),
            internal.route("GET", one, self._show),
            internal.route("POST", f"{one}/replay", self._replay),
            internal.route("POST", "/outbox/replay", self._replay_outbox),
            internal.route("GET", "/tasks/{id:uuid}/story", self._tell),
        ]

    async def _tell(self, request: Request) -> Response:
        return answer({"data": await self.story(request.path_params["id"])})

    async def _page(self, request: Request) -> Response:
        given = Given(request)
        still_open = given.choice("open", ("true", "false"))
        before = given.whole("before", _MOST_ID, 1, _MOST_ID)
        limit = given.whole("limit", 50, 1, MOST)
        return answer(await self.page(None if still_open is None else still_open == "true", before, limit))

    async def _show(self, request: Request) -> Response:
        return answer(await self.show(_id(request)))

    async def _replay(self, request: Request) -> Response:
        return answer(await self.replay(_id(request)))

    async def _replay_outbox(self, request: Request) -> Response:
        return answer(await self.replay_outbox(_object(await body_of(request))))


def _id(request: Request) -> int:
    letter_id: int = request.path_params["id"]
    if letter_id > _MOST_ID:
        raise _no_letter(letter_id)
    return letter_id


def _no_letter(letter_id: int) -> Refusal:
    return Refusal(404, "dead_letter_not_found", f"There is no dead letter {letter_id}.", "id")


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise Refusal(422, "invalid", "The body must be a JSON object.")
    return value


def _beginning(wanted: dict[str, Any]) -> tuple[datetime | None, Cursor | None]:
    """From a moment (None: from the beginning) or after a cursor."""
    given = {name: value for name, value in wanted.items() if value not in (None, False)}
    if len(given) != 1 or not given.keys() <= {"since", "after", "everything"}:
        raise Refusal(422, "invalid", "Give exactly one of since, after and everything.")
    [(name, value)] = given.items()
    try:
        if name == "after":
            return None, replay.from_text(str(value))
        moment = datetime.fromisoformat(str(value)) if name == "since" else None
    except (ValueError, OverflowError):
        raise Refusal(422, "invalid", f"{name} can't be read: {str(value)[:100]!r}.", name) from None
    if moment is not None and moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment, None

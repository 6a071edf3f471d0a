"""Asking the dispatcher how a task stands. Only for people's information: it may be away."""

import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import structlog
from runtime.group_commit import GroupCommit, OverloadedError
from runtime.internal import InternalClient, InternalError, Refusal

log = structlog.get_logger()

TIMEOUT_SECONDS = 1.0
_REST_SECONDS = 5.0
_ASKED_TOGETHER, _MOST_WAITING = 100, 2000

State = dict[str, Any]


class Dispatcher:
    """`client` None: this deployment lets nobody ask. After a failure nobody is asked for a while.

    Tasks that are asked about at the same moment share a question.
    """

    def __init__(self, client: InternalClient | None) -> None:
        self._client = client
        self._rests_until = 0.0
        self._questions: GroupCommit[UUID, State | None] = GroupCommit(
            self._states, max_batch=_ASKED_TOGETHER, max_waiting=_MOST_WAITING, lanes=2
        )

    async def task(self, task_id: UUID) -> State | None:
        """The job's `attempts` and `next_at`; None when it isn't known, or can't be asked now."""
        if self._client is None or time.monotonic() < self._rests_until:
            return None
        try:
            return await self._questions.submit(task_id)
        except OverloadedError:
            return None

    async def _states(self, task_ids: Sequence[UUID]) -> list[State | None]:
        assert self._client is not None
        asked = {"task_ids": [str(each) for each in dict.fromkeys(task_ids)]}
        try:
            found: dict[str, State] = (await self._client.ask("POST", "/task-states", body=asked))["data"]
        except Refusal:
            found = {}
        except InternalError as error:
            self._rests_until = time.monotonic() + _REST_SECONDS
            log.warning("dispatcher_not_asked", error=str(error))
            found = {}
        return [found.get(str(each)) for each in task_ids]

    async def online(self, provider: str) -> bool | None:
        """Whether a worker has a way to a provider; None when that can't be asked now."""
        if self._client is None or time.monotonic() < self._rests_until:
            return None
        try:
            found = await self._client.ask("GET", "/providers")
        except (Refusal, InternalError) as error:
            log.warning("dispatcher_not_asked", error=str(error))
            return None
        reports = [each for each in found["data"] if each["provider"] == provider]
        return any("submit" not in each["open_circuits"] for each in reports)

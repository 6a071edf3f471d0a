"""Asking the dispatcher how a task stands. Only for people's information: it may be away."""

import time
from typing import Any
from uuid import UUID

import structlog
from runtime.internal import InternalClient, InternalError, Refusal

log = structlog.get_logger()

TIMEOUT_SECONDS = 1.0
_REST_SECONDS = 5.0


class Dispatcher:
    """`client` None: this deployment lets nobody ask. After a failure nobody is asked for a while."""

    def __init__(self, client: InternalClient | None) -> None:
        self._client = client
        self._rests_until = 0.0

    async def task(self, task_id: UUID) -> dict[str, Any] | None:
        """The job's `attempts` and `next_at`; None when it isn't known, or can't be asked now."""
        if self._client is None or time.monotonic() < self._rests_until:
            return None
        try:
            found: dict[str, Any] = await self._client.ask("GET", f"/tasks/{task_id}")
        except Refusal:
            return None
        except InternalError as error:
            self._rests_until = time.monotonic() + _REST_SECONDS
            log.warning("dispatcher_not_asked", error=str(error))
            return None
        return found

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

"""Why a task takes so long, or failed: its attempts as the dispatcher knows them, without secrets."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from gateway.domain.projection import FINAL
from gateway.outbound.dispatcher import Dispatcher

_MOST_CACHED = 10_000


class ExplainAttempts:
    """Asks about tasks that are slow or failed. What was heard is good for a while, for many may poll."""

    def __init__(
        self, dispatcher: Dispatcher, after_seconds: float = 3.0, fresh_seconds: float = 2.0
    ) -> None:
        self._dispatcher, self._after, self._fresh = dispatcher, after_seconds, fresh_seconds
        self._known: dict[UUID, tuple[float, list[dict[str, Any]] | None]] = {}

    async def __call__(self, row: Mapping[str, Any]) -> list[dict[str, Any]] | None:
        """The attempts with what is known beyond the events; None when the events have to do."""
        if row["deleted_at"] is not None or not self._worth_asking(row):
            return None
        known = self._known.get(row["id"])
        if known is None or known[0] < time.monotonic():
            until = time.monotonic() + self._fresh
            known = until, explained(await self._dispatcher.task(row["id"]))
            if len(self._known) > _MOST_CACHED:
                self._known.clear()
            self._known[row["id"]] = known
        return known[1]

    def _worth_asking(self, row: Mapping[str, Any]) -> bool:
        if row["status"] in FINAL:
            return row["status"] == "failed" and row["submitted_at"] is not None
        age: float = (datetime.now(UTC) - row["requested_at"]).total_seconds()
        return age >= self._after


def explained(state: Mapping[str, Any] | None) -> list[dict[str, Any]] | None:
    """The dispatcher's attempts in the document's words; the newest one bears when it is looked at next."""
    if state is None:
        return None
    attempts = [
        {
            "number": each["number"],
            "provider": each["provider"],
            "route": f"{each['protocol']}:{each['model']}",
            "state": each["state"],
            "submitted_at": each["submitted_at"],
            "polls": each["polls"],
            "last_poll_at": each["polled_at"],
            "next_poll_at": None,
            "error_class": each["error_class"],
            "error_code": each["error_code"],
            "ended_at": each["ended_at"],
        }
        for each in state["attempts"]
    ]
    if attempts and attempts[-1]["ended_at"] is None:
        attempts[-1]["next_poll_at"] = state["next_at"]
    return attempts

"""Checks of the books that somebody asks for over HTTP: one at a time, and its findings kept."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ledger import metrics
from ledger.usecases.check_books import Finding


@dataclass(frozen=True, slots=True)
class Checked:
    """A check that has ended: its findings, or why there are none."""

    started_at: datetime
    ended_at: datetime
    findings: Sequence[Finding] = ()
    error: str | None = None


class KeepChecking:
    """A check reads every row, minutes on big tables: whoever asks while one runs gets that one."""

    def __init__(self, check: Callable[[], Awaitable[Sequence[Finding]]]) -> None:
        self._check = check
        self._running: asyncio.Task[None] | None = None
        self.last: Checked | None = None

    @property
    def running(self) -> bool:
        """Whether a check is being made now."""
        return self._running is not None and not self._running.done()

    async def begin(self, wait_seconds: float) -> None:
        """Start one unless one runs, and wait for its end, but no longer than that."""
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        await asyncio.wait({self._running}, timeout=wait_seconds)

    async def _run(self) -> None:
        started = datetime.now(UTC)
        try:
            findings = await self._check()
        except Exception as error:  # whatever it is, who asked must be told
            self.last = Checked(started, datetime.now(UTC), error=f"{type(error).__name__}: {error}"[:500])
        else:
            self.last = Checked(started, datetime.now(UTC), findings)
            metrics.FINDINGS.set(len(findings))

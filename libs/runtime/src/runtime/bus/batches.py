"""What was polled, one transaction: facts, effects, dead letters and the step of the stored offsets."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog

from runtime import failpoints, metrics
from runtime.bus import dead_letters, offsets, spans
from runtime.bus.assignment import Assignment
from runtime.bus.record import Fault, Item, Raw, Translator, decode
from runtime.db import PERMANENT, Database, Tx
from runtime.outbox.recorder import Outbox

log = structlog.get_logger()

Apply = Callable[[Tx, list[Any]], Awaitable[None]]
"""The service's use case for a batch: merge the facts, decide, write; inside the batch's transaction."""


class Batches:
    """Handles the batches of one reader."""

    def __init__(
        self,
        db: Database,
        outbox: Outbox,
        service: str,
        group: str,
        translators: Mapping[str, Translator],
        apply: Apply,
        limiter: dead_letters.Limiter,
    ) -> None:
        self._db, self._outbox, self._service, self._group = db, outbox, service, group
        self._translators, self._apply, self._limiter = translators, apply, limiter
        self.handled = 0

    async def handle(self, assignment: Assignment, records: Sequence[Raw]) -> None:
        """Do what of the records is new; raises what another try may mend, and TooManyDeadLetters."""
        try:
            items = [decode(record, self._translators) for record in await assignment.fresh(records)]
            if items:
                with spans.handled(items):
                    await self._process(assignment, items)
        except offsets.OffsetMismatch as error:
            log.warning("offset_mismatch", error=str(error))
            await assignment.seek({(r.topic, r.partition) for r in records})

    async def _process(self, assignment: Assignment, items: list[Item]) -> None:
        """One transaction for the batch; when it fails for good, halve until the record at fault is alone."""
        try:
            await self._commit(assignment, items)
        except PERMANENT as error:
            if len(items) > 1:
                middle = len(items) // 2
                await self._process(assignment, items[:middle])
                await self._process(assignment, items[middle:])
            else:
                await self._last_try(assignment, items[0], error)

    async def _last_try(self, assignment: Assignment, item: Item, error: Exception) -> None:
        """Once more alone: a race or a connection that broke in an odd way does not repeat."""
        if item.fault is not None:
            raise error
        try:
            await self._commit(assignment, [item])
        except PERMANENT as again:
            log.warning("record_unprocessable", error=repr(again), topic=item.record.topic)
            fault = Fault("unprocessable", f"{type(again).__name__}: {again}"[:2000])
            await self._commit(assignment, [replace(item, fact=None, fault=fault)])

    async def _commit(self, assignment: Assignment, items: list[Item]) -> None:
        faults = [item for item in items if item.fault is not None]
        self._limiter.check(len(faults))
        async with self._db.transaction() as tx:
            await offsets.advance(tx, self._group, assignment.moves(items))
            if faults:
                await dead_letters.write(tx, self._outbox, self._service, faults, assignment.ids)
            facts = [item.fact for item in items if item.fault is None and item.fact is not None]
            if facts:
                await self._apply(tx, facts)
            await failpoints.reach("bus.applied")
        await failpoints.reach("bus.committed")
        assignment.done(items)
        self._limiter.count(len(faults))
        self.handled += len(items)
        metrics.HANDLED.labels(self._service).inc(len(items))
        metrics.DEAD_LETTERS.labels(self._service).inc(len(faults))

"""What each remedy's absence looks like: patches of single functions and statements of the services."""

import asyncio
from collections.abc import Callable
from typing import Any


def offsets_with_the_work(service: str) -> None:
    """The offsets move in a transaction of their own, before the work."""
    del service
    from runtime import failpoints
    from runtime.bus import batches, dead_letters, offsets

    async def commit(self: Any, assignment: Any, items: list[Any]) -> None:
        async with self._db.transaction() as tx:
            await offsets.advance(tx, self._group, assignment.moves(items))
        assignment.done(items)
        faults = [item for item in items if item.fault is not None]
        facts = [item.fact for item in items if item.fault is None and item.fact is not None]
        async with self._db.transaction() as tx:
            if faults:
                await dead_letters.write(tx, self._outbox, self._service, faults, assignment.ids)
            if facts:
                await self._apply(tx, facts)
                await failpoints.reach("bus.applied")

    batches.Batches._commit = commit  # type: ignore[method-assign]


def cursor_after_the_send(service: str) -> None:
    """The relay moves its cursor first and sends then."""
    del service
    from runtime import failpoints
    from runtime.outbox import record, relay

    async def send(self: Any, conn: Any, producer: Any, cursor: Any, rows: Any) -> Any:
        last = rows[-1]
        moved = relay.Cursor(last["epoch"], last["txid"], last["id"])
        old = (cursor.epoch, cursor.txid, cursor.id)
        await conn.execute(relay._MOVE, moved.epoch, moved.txid, moved.id, *old)
        await failpoints.reach("relay.read")
        async with asyncio.timeout(5):
            pending = [await producer.send(**record.record_of(self._service, row)) for row in rows]
            await asyncio.gather(*pending)
        await failpoints.reach("relay.sent")
        return moved

    relay.Relay._send = send  # type: ignore[method-assign]


def horizon(service: str) -> None:
    """The relay reads whatever is committed, past transactions that are still under way."""
    del service
    from runtime.outbox import relay

    relay._READ = _without(relay._READ, "OR txid < pg_snapshot_xmin(pg_current_snapshot())", "OR true")


def natural_keys(service: str) -> None:
    """The ledger books a grant as often as it hears of it (its table's key is dropped, too)."""
    if service != "ledger":
        return
    from ledger.db import batches

    async def none(*_: Any) -> set[Any]:
        return set()

    batches.known_changes = none  # type: ignore[assignment]


def row_before_the_call(service: str) -> None:
    """An attempt that may have been sent is sent again, as if its row had never said so."""
    if service != "dispatcher":
        return
    from dispatcher.db import marks
    from dispatcher.domain import decide as deciding

    marks._MARK = _without(
        marks._MARK, "WHERE a.status = 'deferred'", "WHERE a.status IN ('deferred', 'submitting')"
    )
    right = deciding.decide

    def decide(job: Any, timing: Any) -> Any:
        step = right(job, timing)
        if isinstance(step, deciding.Resolve) and job.frozen and not job.overdue and not job.cancel:
            return deciding.Submit(step.attempt.n)
        return step

    deciding.decide = decide


def idempotency_records(service: str) -> None:
    """The gateway finds no earlier request under a key."""
    if service != "gateway":
        return
    from gateway.db import submissions

    async def none(*_: Any) -> dict[Any, Any]:
        return {}

    submissions.earlier = none  # type: ignore[assignment]
    submissions._INSERT = _without(
        submissions._INSERT,
        "FROM r WHERE task_ids IS NOT NULL",
        "FROM r WHERE task_ids IS NOT NULL ON CONFLICT DO NOTHING",
    )


def admission(service: str) -> None:
    """The gateway takes whatever is asked for."""
    if service != "gateway":
        return
    from gateway.domain import admission as admitting

    admitting._refusal = lambda *_: None


def lease_end(service: str) -> None:
    """What a worker has claimed stays its own, also when it has died."""
    del service
    from runtime.work import table

    table._CLAIM = _without(
        table._CLAIM,
        "SET due_at = now() + make_interval(secs => $3)",
        "SET due_at = now() + interval '1 day' + make_interval(secs => $3)",
    )


def object_before_the_row(service: str) -> None:
    """Storage says that an object is stored, and stores it a little later."""
    if service != "storage":
        return
    from storage.outbound import objects

    right: Callable[..., Any] = objects.Upload.complete
    kept: set[asyncio.Task[None]] = set()

    async def complete(self: Any) -> None:
        if self._upload_id is not None:
            await right(self)
            return
        put, key, kind, held = self._put, self._target["Key"], self._content_type, bytes(self._held or b"")

        async def later() -> None:
            await asyncio.sleep(3)
            await put(key, kind, held)

        task = asyncio.create_task(later())
        kept.add(task)
        task.add_done_callback(kept.discard)

    objects.Upload.complete = complete  # type: ignore[method-assign]


def take_out(name: str, service: str) -> None:
    """Apply the patch of a remedy to this process. Raises KeyError for an unknown one."""
    REMEDIES[name](service)


def _without(statement: str, words: str, others: str) -> str:
    assert words in statement or others in statement, f"the statement has changed: {words}"
    return statement.replace(words, others)


REMEDIES: dict[str, Callable[[str], None]] = {
    each.__name__.replace("_", "-"): each
    for each in (
        offsets_with_the_work,
        cursor_after_the_send,
        horizon,
        natural_keys,
        row_before_the_call,
        idempotency_records,
        admission,
        lease_end,
        object_before_the_row,
    )
}

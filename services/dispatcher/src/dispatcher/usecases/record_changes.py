"""Write down what steps found out: attempts, final words, events and the work rows, in one transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import structlog
from runtime.db import Database, Tx
from runtime.outbox.recorder import Message, Outbox
from runtime.work import table as work

from dispatcher import metrics
from dispatcher.db import records, turns
from dispatcher.db.records import Record
from dispatcher.domain.verdicts import SHORTLY
from dispatcher.outbound import events
from dispatcher.usecases.turns import Turns

log = structlog.get_logger()

_GOES_ON = frozenset({None, "submitting", "submitted"})


class RecordChanges:
    """Writes a batch of records; whether each one's attempt was still as its step saw it."""

    def __init__(self, db: Database, outbox: Outbox, slots: Turns) -> None:
        self._db, self._outbox, self._slots = db, outbox, slots

    async def __call__(self, batch: Sequence[Record]) -> list[bool]:
        """One transaction. A task that is there twice is written in the order given."""
        async with self._db.transaction() as tx:
            now = await records.lock(tx, batch)
            results: dict[int, bool] = {}
            for round_ in _rounds(batch):
                fresh = await self._write(tx, round_, now)
                results.update({id(record): record.task_id in fresh for record in round_})
        return [results[id(record)] for record in batch]

    async def _write(self, tx: Tx, batch: list[Record], now: datetime) -> set[UUID]:
        fresh = await records.change_attempts(tx, batch)
        fresh |= {record.task_id for record in batch if record.attempt is None}
        stale = [record for record in batch if record.task_id not in fresh]
        await records.keep_strays(tx, [r for r in stale if r.change.status == "submitted"])
        valid = [record for record in batch if record.task_id in fresh]
        ending = [record for record in valid if record.change.completion is not None]
        ended = await records.complete_jobs(tx, ending)
        await records.keep_late(
            tx, [r for r in ending if r.task_id not in ended and r.change.status == "succeeded"]
        )
        if self._slots.limited:
            await self._free_and_wait(tx, batch, valid)
        await self._outbox.record(tx, _messages(valid, ended, now))
        undecided = {r.task_id for r in stale} | ({r.task_id for r in ending} - ended)
        await _put_back(tx, batch, undecided)
        _report(stale, valid)
        tx.after_commit(f"attempts:{id(valid)}", lambda: _count(valid))
        return fresh

    async def _free_and_wait(self, tx: Tx, batch: Iterable[Record], valid: Iterable[Record]) -> None:
        """Give back what ended attempts had, and wait in turn for what there isn't."""
        ended = [r for r in valid if r.attempt is not None and r.change.status not in _GOES_ON]
        if ended:
            await records.free_slots(tx, ended)
            tx.after_commit("slots", self._slots.freed)
        await turns.join(tx, [(r.task_id, r.job.account_id, key) for r in batch for key in r.change.queues])
        await turns.leave(tx, [r.task_id for r in batch if r.change.delay is None])


def _rounds(batch: Sequence[Record]) -> list[list[Record]]:
    """Each task at most once per round."""
    rounds: list[dict[UUID, Record]] = []
    for record in batch:
        free = next((each for each in rounds if record.task_id not in each), None)
        if free is None:
            rounds.append(free := {})
        free[record.task_id] = record
    return [list(each.values()) for each in rounds]


def _messages(valid: Iterable[Record], ended: set[UUID], now: datetime) -> list[Message]:
    messages = []
    for record in valid:
        change = record.change
        if record.attempt is not None and change.progress is not None:
            messages.append(events.progress(record.job, record.attempt, change.progress, change, now))
        if change.completion is not None and record.task_id in ended:
            messages.append(events.completed(record.job, record.attempt, change.completion, change, now))
    return messages


async def _put_back(tx: Tx, batch: Iterable[Record], undecided: set[UUID]) -> None:
    """The work rows: gone, or due again. A job that changed meanwhile is looked at anew."""
    done, expected, faults = [], [], []
    for record in batch:
        delay = SHORTLY if record.task_id in undecided else record.change.delay
        if delay is None:
            done.append(record.claim)
        elif record.change.expected:
            expected.append((record.claim, delay))
        else:
            faults.append((record.claim, delay))
    if done:
        await work.complete(tx, done)
    if expected:
        await work.reschedule(tx, expected, forget_tries=True)
    if faults:
        await work.reschedule(tx, faults)


def _report(stale: Iterable[Record], valid: Iterable[Record]) -> None:
    for record in stale:
        log.warning("attempt_changed_meanwhile", **_names(record))
    for record in valid:
        known = record.attempt.orphan if record.attempt else None
        if record.change.orphan not in {None, "cleared", known}:
            log.warning("orphan", state=record.change.orphan, **_names(record))
        elif record.change.problem is not None:
            problem = record.change.problem
            log.info("attempt_problem", kind=problem.kind, code=problem.code, **_names(record))


def _count(valid: Iterable[Record]) -> None:
    for record in valid:
        attempt, change = record.attempt, record.change
        if attempt is not None and (change.status or change.problem):
            provider, kind = attempt.provider, change.problem.kind if change.problem else ""
            metrics.ATTEMPTS.labels(provider, change.status or attempt.status, kind).inc()
            metrics.COST.labels(provider).inc((change.cost_micro or 0) / metrics.MICRO_PER_CREDIT)


def _names(record: Record) -> dict[str, object]:
    return {
        "task_id": str(record.task_id),
        "account_id": str(record.job.account_id),
        "attempt": record.attempt.n if record.attempt else 0,
    }

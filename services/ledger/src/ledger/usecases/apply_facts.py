"""The ledger's one use case for whatever it is told: freeze, settle, release, refuse, grant, expire.

The account's lock is the lock of everything it has: balances first and in order, then the rows they guard.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from runtime.db import Tx
from runtime.outbox.recorder import Outbox

from ledger.db import balances, batches, tasks
from ledger.domain.batch import Batch, Closed, Frozen, Said
from ledger.domain.books import Balance
from ledger.domain.facts import Fact, Granted, Requested
from ledger.domain.task import Task
from ledger.outbound import events
from ledger.usecases.count_moves import count_moves


class ApplyFacts:
    """Called with a batch of facts inside its transaction.

    `hold_margin` is how long a hold outlives its task's deadline.
    """

    def __init__(self, outbox: Outbox, *, hold_margin: timedelta) -> None:
        self._outbox, self._margin = outbox, hold_margin

    async def __call__(self, tx: Tx, facts: Sequence[Fact]) -> None:
        """Decide the facts in order and write everything that follows."""
        batch = await self._begin(tx, facts)
        for fact in facts:
            batch.take(fact)
        await batches.write(tx, batch)
        said = [*batch.said, *await _answers_again(tx, batch)]
        await self._outbox.record(tx, map(events.message, said))
        tx.after_commit("figures", lambda: count_moves(batch))

    async def _begin(self, tx: Tx, facts: Sequence[Fact]) -> Batch:
        locked = await balances.lock(tx, {fact.account_id for fact in facts}, _opened(facts))
        now, known_tasks = await tasks.read(tx, {f.task_id for f in facts if not isinstance(f, Granted)})
        granted = {fact.change_id for fact in facts if isinstance(fact, Granted)}
        known = await batches.known_changes(tx, granted)
        return Batch(locked, known_tasks, known, now=now, margin=self._margin)


def _opened(facts: Sequence[Fact]) -> set[balances.Key]:
    """The balances that the facts name an asset of."""
    named = {(f.account_id, f.request.asset) for f in facts if isinstance(f, Requested)}
    return named | {(f.account_id, f.asset) for f in facts if isinstance(f, Granted)}


async def _answers_again(tx: Tx, batch: Batch) -> list[Said]:
    """The stored answers to repeated requests, with the balance they carried."""
    wanted = [(batch.tasks[task_id], n) for task_id, ns in batch.again.items() for n in sorted(ns)]
    if not wanted:
        return []
    found = await balances.at_versions(tx, {_key(task) for task, _ in wanted})
    carried = {(b.account_id, b.asset, b.version): b for b in found}
    return [_answer(task, carried[_key(task)], n) for task, n in wanted]


def _key(task: Task) -> tuple[UUID, str, int]:
    answer = task.outcome or task.hold
    assert task.request is not None, "only an answered request is answered again"
    assert answer is not None
    return task.account_id, task.request.asset, answer.version


def _answer(task: Task, after: Balance, n: int) -> Said:
    return Closed(task, after, n) if task.outcome else Frozen(task, after, n)

"""Take in what the other services said: a batch of facts in the consumer's transaction."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from uuid import UUID

import structlog
from runtime.db import Tx

from gateway.db import balances, grants, keys, task_events, tasks
from gateway.domain.admission import ASSETS, Purse
from gateway.domain.facts import (
    Balance,
    Changed,
    Closed,
    Delivered,
    Fact,
    Frozen,
    Stored,
    TaskFact,
)
from gateway.domain.projection import FINAL, Event, Task, project
from gateway.usecases.tell_owners import TellOwners

log = structlog.get_logger()

Announce = Callable[[Collection[UUID]], Awaitable[None]]
"""Tells the live streams, after the commit, which tasks have news."""


class ProjectFacts:
    """The use case of the gateway's consumer."""

    def __init__(self, announce: Announce, tell: TellOwners) -> None:
        self._announce, self._tell = announce, tell

    async def __call__(self, tx: Tx, facts: Sequence[Fact]) -> None:
        """Fill the columns, append the events, take the newest balances.

        The accounts' locks come first: they are also the lock of the answers, so that a quote is taken off
        the pending amount once. Then those of all tasks, in one go: nobody waits for another in a circle.
        """
        await balances.lock(tx, _purses(facts))
        by_task = _by_task(facts)
        delivered = [fact for fact in facts if isinstance(fact, Delivered)]
        locked = await tasks.read(tx, {*by_task, *(fact.task_id for fact in delivered)})
        before = {task_id: task for task_id, task in locked.items() if task_id in by_task}
        if unknown := by_task.keys() - before.keys():
            # A task's row is written with its request: these belong to another life of this database.
            log.warning("facts_of_unknown_tasks", count=len(unknown), task_id=str(next(iter(unknown))))
        after, events = _project(before, by_task)
        await self._write(tx, before, after, events)
        await _answer(tx, facts, before, after)
        finished = [task_id for task_id, (task, _) in after.items() if _finished(before[task_id], task)]
        paid = {each.account_id for each in _balances(facts) if each.asset == "credit"}
        await self._tell(tx, finished, paid)
        self._announce_later(
            tx, {task_id for task_id, _ in events} | await task_events.insert_deliveries(tx, delivered)
        )

    async def _write(
        self,
        tx: Tx,
        before: Mapping[UUID, Task],
        after: Mapping[UUID, tuple[Task, list[Stored]]],
        events: Sequence[tuple[UUID, Event]],
    ) -> None:
        await tasks.write(tx, (task for task_id, (task, _) in after.items() if task != before[task_id]))
        await tasks.link(tx, (fact for _, stored in after.values() for fact in stored))
        await task_events.insert(tx, events)

    def _announce_later(self, tx: Tx, news: Collection[UUID]) -> None:
        if news:
            tx.after_commit("task_events", lambda: self._announce(news))


def _project(
    before: Mapping[UUID, Task], by_task: Mapping[UUID, Sequence[TaskFact]]
) -> tuple[dict[UUID, tuple[Task, list[Stored]]], list[tuple[UUID, Event]]]:
    """Each known task after its facts, with the storage fact that it took in (if any), and all new events."""
    after: dict[UUID, tuple[Task, list[Stored]]] = {}
    events: list[tuple[UUID, Event]] = []
    for task_id, task in before.items():
        projected, news = project(task, by_task[task_id])
        stored = [fact for fact in by_task[task_id] if isinstance(fact, Stored)]
        after[task_id] = projected, stored[:1] if task.stored_at is None and task.deleted_at is None else []
        events.extend((task_id, event) for event in news)
    return after, events


def _finished(before: Task, after: Task) -> bool:
    return after.status in FINAL and before.status not in FINAL


async def _answer(
    tx: Tx,
    facts: Sequence[Fact],
    before: Mapping[UUID, Task],
    after: Mapping[UUID, tuple[Task, list[Stored]]],
) -> None:
    """What the ledger answered for the first time is pending no more: its balance counts it from now on."""
    answered: dict[Purse, int] = defaultdict(int)
    finished: dict[Purse, int] = defaultdict(int)
    unspent: dict[UUID, int] = defaultdict(int)
    for task_id, (task, _) in after.items():
        known, purse = before[task_id], (task.account_id, task.asset)
        if task.answered and not known.answered:
            answered[purse] += task.quote_micro
        if task.finished_at is not None and known.finished_at is None:
            finished[purse] += 1
        if task.charged_micro is not None and known.charged_micro is None and task.key_id is not None:
            unspent[task.key_id] += task.quote_micro - task.charged_micro
    changes = {fact.change_id for fact in facts if isinstance(fact, Changed)}
    for grant in await grants.answered(tx, changes):
        answered[grant["account_id"], grant["asset"]] += max(-grant["amount_micro"], 0)
    await balances.answer(tx, _balances(facts), answered, finished)
    await keys.give_back(tx, {key_id: micro for key_id, micro in unspent.items() if micro > 0})


def _by_task(facts: Sequence[Fact]) -> dict[UUID, list[TaskFact]]:
    found: dict[UUID, list[TaskFact]] = defaultdict(list)
    for fact in facts:
        if not isinstance(fact, Changed | Delivered):
            found[fact.task_id].append(fact)
    return found


def _balances(facts: Sequence[Fact]) -> list[Balance]:
    return [
        fact.balance
        for fact in facts
        if isinstance(fact, Frozen | Closed | Changed) and fact.balance is not None
    ]


def _purses(facts: Sequence[Fact]) -> set[Purse]:
    purses: set[Purse] = {(balance.account_id, balance.asset) for balance in _balances(facts)}
    purses |= {(fact.account_id, fact.asset) for fact in facts if isinstance(fact, Closed)}
    # A stored result may finish a task, of whichever asset.
    stored = {fact.account_id for fact in facts if isinstance(fact, Stored)}
    return purses | {(account_id, asset) for account_id in stored for asset in ASSETS}

"""A batch of facts decided in memory, in order, on running balances.

Pure: the caller locks, reads and writes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from contracts.money import DEFAULT_LOT

from ledger.domain.books import Balance, Cause, Entry, Transfer, entries_of, entries_of_grant, post
from ledger.domain.decide import Close, Decision, Freeze, decide, expire, merge
from ledger.domain.facts import Expired, Fact, Granted, Requested, TaskFact
from ledger.domain.task import Hold, Outcome, Task


@dataclass(frozen=True, slots=True)
class Change:
    """A grant as it was booked: `applied_micro` moved the balance, the rest of a take-back is written off."""

    grant: Granted
    applied_micro: int
    written_off_micro: int
    after: Balance


@dataclass(frozen=True, slots=True)
class Frozen:
    """Something to say: the hold of the task stands."""

    task: Task
    after: Balance
    n: int = 1


@dataclass(frozen=True, slots=True)
class Closed:
    """Something to say: the money outcome of the task."""

    task: Task
    after: Balance
    n: int = 1


Said = Frozen | Closed | Change


class Batch:
    """Takes facts one by one; afterwards holds the rows to write and what there is to say.

    `balances` and `tasks` are the rows that the facts touch, locked by the caller; `known` the grants among
    the facts that are booked already; `now` the database's clock after the locks were taken.
    """

    def __init__(
        self,
        balances: Iterable[Balance],
        tasks: Iterable[Task],
        known: Iterable[UUID],
        *,
        now: datetime,
        margin: timedelta,
    ) -> None:
        self.before = {(b.account_id, b.asset): b for b in balances}
        self.balances = dict(self.before)
        self.read = {task.task_id: task for task in tasks}
        self.tasks = dict(self.read)
        self.known = set(known)
        self.transfers: list[Transfer] = []
        self.said: list[Said] = []
        self.again: dict[UUID, set[int]] = {}
        self._now, self._margin = now, margin

    @property
    def moved(self) -> list[tuple[Balance, Balance]]:
        """Balances that changed, before and after."""
        return [(self.before[k], b) for k, b in self.balances.items() if b is not self.before[k]]

    @property
    def new_tasks(self) -> list[Task]:
        """Tasks nobody had heard of."""
        return [task for id_, task in self.tasks.items() if id_ not in self.read]

    @property
    def changed_tasks(self) -> list[Task]:
        """Tasks that know more than before."""
        return [task for id_, task in self.tasks.items() if task is not self.read.get(id_, task)]

    def take(self, fact: Fact) -> None:
        """Decide a fact. Raises ValueError for one that contradicts its task's account."""
        if isinstance(fact, Granted):
            self._book_grant(fact)
        else:
            self._take_task_fact(fact)

    def _take_task_fact(self, fact: TaskFact) -> None:
        task = self.tasks.get(fact.task_id) or Task(fact.task_id, fact.account_id)
        if task.account_id != fact.account_id:
            raise ValueError(f"task {fact.task_id} belongs to another account than {fact.account_id}")
        if isinstance(fact, Requested) and fact.repeat > 1 and task.answered:
            self.again.setdefault(task.task_id, set()).add(fact.repeat)
        if isinstance(fact, Expired):
            decision = expire(task, fact, self._now)
        else:
            task = merge(task, fact)
            decision = self._decide(task)
        while decision is not None:
            task = self._carry_out(task, decision, fact)
            decision = self._decide(task)
        self.tasks[task.task_id] = task

    def _decide(self, task: Task) -> Decision | None:
        if task.request is None:
            return None
        balance = self.balances[task.account_id, task.request.asset]
        return decide(task, balance.available_micro, self._now, self._margin)

    def _carry_out(self, task: Task, decision: Decision, fact: TaskFact) -> Task:
        assert task.request is not None, "nothing is decided before the request"
        lot = task.hold.lot if task.hold else DEFAULT_LOT
        cause = Cause(fact.at, lot, task_id=task.task_id)
        key = (task.account_id, task.request.asset)
        after = self._post(key, entries_of(decision), cause)
        at = max(self._now, after.moved_at)
        if isinstance(decision, Freeze):
            hold = Hold(decision.held_micro, lot, at, decision.expires_at, after.version)
            task = task.knowing(hold=hold)
            self.said.append(Frozen(task, after))
        else:
            task = task.knowing(outcome=_outcome(decision, at, after))
            self.said.append(Closed(task, after))
        return task

    def _book_grant(self, grant: Granted) -> None:
        if grant.change_id in self.known:
            return
        key = (grant.account_id, grant.asset)
        before = self.balances[key].available_micro
        entries = entries_of_grant(grant.amount_micro, before)
        after = self._post(key, entries, Cause(grant.at, DEFAULT_LOT, change_id=grant.change_id))
        applied = after.available_micro - before
        self.known.add(grant.change_id)
        self.said.append(Change(grant, applied, applied - grant.amount_micro, after))

    def _post(self, key: tuple[UUID, str], entries: list[Entry], cause: Cause) -> Balance:
        for entry in entries:
            transfer = post(self.balances[key], entry, cause, self._now)
            self.transfers.append(transfer)
            self.balances[key] = transfer.after
        return self.balances[key]


def _outcome(decision: Close, at: datetime, after: Balance) -> Outcome:
    return Outcome(
        decision.outcome, decision.reason, decision.charged_micro, decision.returned_micro, at, after.version
    )

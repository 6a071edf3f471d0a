"""After a restore: tasks, grants, cancels and deletions that the gateway had said are there again."""

from collections.abc import Sequence

from runtime.db import Tx

from gateway.db import balances, generations, restores, task_events, tasks
from gateway.domain.admission import ASSETS
from gateway.domain.again import (
    Again,
    CancelledAgain,
    DeletedAgain,
    GrantedAgain,
    RequestedAgain,
    WarnedAgain,
)
from gateway.domain.facts import CancelRequested
from gateway.domain.projection import project
from gateway.usecases.submit_tasks import QUICKSTART


async def restore_tasks(tx: Tx, facts: Sequence[Again]) -> None:
    """What is known changes nothing. Accounts, keys, uploads and links are as old as the backup."""
    accounts = {fact.account_id for fact in facts}
    await balances.lock(tx, {(account_id, asset) for account_id in accounts for asset in ASSETS})
    await _tasks(tx, [fact for fact in facts if isinstance(fact, RequestedAgain)])
    await restores.grant(tx, [fact for fact in facts if isinstance(fact, GrantedAgain)])
    await _cancel(tx, [fact for fact in facts if isinstance(fact, CancelledAgain)])
    await restores.postpone(
        tx, {fact.task_id: fact.reason for fact in facts if isinstance(fact, DeletedAgain)}.items()
    )
    await restores.warned(tx, {fact.account_id for fact in facts if isinstance(fact, WarnedAgain)})


async def _tasks(tx: Tx, facts: Sequence[RequestedAgain]) -> None:
    once = {fact.task_id: fact for fact in reversed(facts)}
    known = await restores.known(tx, once)
    new = sorted((fact for fact in once.values() if fact.task_id not in known), key=lambda each: each.task_id)
    await restores.insert(tx, new)
    await generations.number(tx, [fact for fact in new if fact.surface == QUICKSTART])


async def _cancel(tx: Tx, facts: Sequence[CancelledAgain]) -> None:
    asked = {fact.task_id: CancelRequested(fact.task_id, fact.at) for fact in facts}
    known = await tasks.read(tx, asked)
    after = {task_id: project(task, [asked[task_id]]) for task_id, task in known.items()}
    await tasks.write(tx, (task for task_id, (task, _) in after.items() if task != known[task_id]))
    await task_events.insert(tx, [(task_id, event) for task_id, (_, news) in after.items() for event in news])

"""After a restore: what the ledger had said is booked again, before anybody else is heard."""

from collections.abc import Sequence
from datetime import timedelta

from runtime.db import Tx

from ledger.db import balances, batches, tasks
from ledger.domain.rebuild import Again, BookedAgain, Rebuild


async def restore_books(tx: Tx, facts: Sequence[Again]) -> None:
    """Facts come in `rebuild.order`. What is booked already changes nothing. Raises BooksTorn."""
    opened = {(fact.account_id, fact.asset) for fact in facts}
    locked = await balances.lock(tx, {account for account, _ in opened}, opened)
    changes = [fact.granted.change_id for fact in facts if isinstance(fact, BookedAgain)]
    now, known_tasks = await tasks.read(
        tx, {fact.task_id for fact in facts if not isinstance(fact, BookedAgain)}
    )
    rebuild = Rebuild(
        locked, known_tasks, await batches.known_changes(tx, changes), now=now, margin=timedelta(0)
    )
    for fact in facts:
        rebuild.take_again(fact)
    await batches.write(tx, rebuild)

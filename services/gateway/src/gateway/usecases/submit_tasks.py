"""Submit: a batch of orders becomes tasks, replays and refusals in one transaction."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import asyncpg
from runtime.db import Database, Tx
from runtime.outbox.recorder import Message, Outbox

from gateway.db import balances, generations, keys, submissions
from gateway.domain import admission
from gateway.domain.admission import Accepted, Decision, Order, Room, Scope
from gateway.outbound import events

QUICKSTART = "quickstart"
"""The surface whose tasks have a number each: those of `/api`."""
_MORE_TRIES = 2


class SubmitTasks:
    """Writes batches for a GroupCommit. Every order has passed the checks that need no database."""

    def __init__(self, db: Database, outbox: Outbox) -> None:
        self._db, self._outbox = db, outbox

    async def __call__(self, batch: Sequence[Order]) -> list[Decision]:
        """Decide and write; a decision for each order, in turn.

        Earlier requests are looked up under the accounts' locks, so that another process's accepted twin is
        seen; one that pays with the account's other asset holds another lock, and is seen on the second try.
        What Postgres throws back to end a deadlock is tried again, too.
        """
        for _ in range(_MORE_TRIES):
            try:
                return await self._write(batch)
            except (asyncpg.UniqueViolationError, asyncpg.TransactionRollbackError):
                await asyncio.sleep(random.uniform(0.0, 0.05))  # let who was in the way go first
        return await self._write(batch)

    async def _write(self, batch: Sequence[Order]) -> list[Decision]:
        async with self._db.transaction() as tx:
            locked = await balances.lock(tx, {each.purse for each in batch})
            earlier = await submissions.earlier(tx, _scopes(batch))
            capped = {each.key_id for each in batch if each.capped}
            room = Room(locked.spendable, locked.live, await keys.left(tx, capped))
            decisions = admission.decide(batch, room, earlier)
            accepted = [each for each, d in zip(batch, decisions, strict=True) if isinstance(d, Accepted)]
            if accepted:
                await self._record(tx, accepted, locked.now or await tx.fetchval("SELECT now()"))
            return decisions

    async def _record(self, tx: Tx, accepted: Sequence[Order], now: datetime) -> None:
        await submissions.insert(tx, accepted)
        made = (each for order in accepted for each in order.submissions)
        await generations.number(tx, (each for each in made if each.surface == QUICKSTART))
        await self._outbox.record(
            tx,
            (message for order in accepted for message in _messages(order, now)),
        )


def _messages(order: Order, now: datetime) -> Iterator[Message]:
    for number, each in enumerate(order.submissions):
        receipt = order.receipt if number == 0 and each.idempotency_key is not None else None
        deadline = now + timedelta(seconds=each.deadline_seconds)
        yield events.task_requested(each, now, deadline, receipt=receipt)


async def find_replay(db: Database, scope: Scope, fingerprint: str, asset: str) -> Decision | None:
    """What was decided before under an idempotency key, or None: asked before a fault is reported."""
    known = await submissions.earlier(db.pool, [scope])
    receipt = known.get(scope)
    return None if receipt is None else admission.replay(fingerprint, asset, receipt)


def _scopes(batch: Sequence[Order]) -> list[Scope]:
    return [scope for each in batch if (scope := each.scope) is not None]

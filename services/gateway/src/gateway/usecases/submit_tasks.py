"""Submit: a batch of requests becomes tasks, replays and refusals in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from runtime.db import Database, Tx
from runtime.outbox.recorder import Outbox

from gateway.db import balances, keys, submissions
from gateway.domain import admission
from gateway.domain.admission import Accepted, Decision, Receipt, Room, Scope, Submission
from gateway.outbound import events


class SubmitTasks:
    """Writes batches for a GroupCommit. Every submission has passed the checks that need no database."""

    def __init__(self, db: Database, outbox: Outbox, lifetime: timedelta) -> None:
        self._db, self._outbox, self._lifetime = db, outbox, lifetime

    async def __call__(self, batch: Sequence[Submission]) -> list[Decision]:
        """Decide and write; a decision for each submission, in order.

        What is found before needs no lock. The rest is looked up again under the accounts' locks, so that
        another process's accepted twin is seen.
        """
        known = await submissions.earlier(self._db.pool, _scopes(batch))
        new = [each for each in batch if each.scope not in known]
        decided = iter(await self._write(new) if new else ())
        return [_replayed(each, known) or next(decided) for each in batch]

    async def _write(self, batch: Sequence[Submission]) -> list[Decision]:
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

    async def _record(self, tx: Tx, accepted: Sequence[Submission], now: datetime) -> None:
        await submissions.insert(tx, accepted, self._lifetime)
        deadline = now + self._lifetime
        await self._outbox.record(tx, (events.task_requested(each, now, deadline) for each in accepted))


async def find_replay(db: Database, submission_scope: Scope, fingerprint: str, asset: str) -> Decision | None:
    """What was decided before under an idempotency key, or None: asked before a fault is reported."""
    known = await submissions.earlier(db.pool, [submission_scope])
    receipt = known.get(submission_scope)
    return None if receipt is None else admission.replay(fingerprint, asset, receipt)


def _scopes(batch: Sequence[Submission]) -> list[Scope]:
    return [scope for each in batch if (scope := each.scope) is not None]


def _replayed(submission: Submission, known: Mapping[Scope, Receipt]) -> Decision | None:
    scope = submission.scope
    if scope is None or scope not in known:
        return None
    return admission.replay(submission.fingerprint, submission.asset, known[scope])

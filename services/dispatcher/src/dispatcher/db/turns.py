"""Who waits for a slot: a row of work per task and (provider, credential), claimed fairly like all work.

A slot that becomes free is kept for the task whose turn it is (attempt 0), for as long as it takes to come.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from runtime.db import Database, Tx, rows
from runtime.work import table as work

Key = tuple[str, str]
"""Provider and credential."""

KEPT_SECONDS = 30.0
"""A kept slot whose task doesn't come is given to the next one."""

_LEAVE = "DELETE FROM work WHERE id = ANY($1::uuid[]) AND kind LIKE 'turn:%'"
_WAITED_FOR = "SELECT name FROM unnest($1::text[]) AS name WHERE EXISTS (SELECT FROM work WHERE kind = name)"

_FREE = """
SELECT n FROM slots
WHERE provider = $1 AND credential_id = $2 AND n <= $3 AND (task_id IS NULL OR leased_until < now())
ORDER BY n FOR UPDATE SKIP LOCKED
"""
_OPEN = """
SELECT task_id FROM jobs
WHERE task_id = ANY($1::uuid[])
  AND completed_at IS NULL AND settled_at IS NULL AND cancel_requested_at IS NULL
"""
_KEEP = """
UPDATE slots s SET task_id = r.task_id, attempt = 0, leased_until = now() + make_interval(secs => $4)
FROM json_to_recordset($3::json) AS r(n int, task_id uuid)
WHERE s.provider = $1 AND s.credential_id = $2 AND s.n = r.n
"""
_CALL = """
UPDATE work SET payload = $3::jsonb, nudges = nudges + 1,
    due_at = CASE WHEN leased AND due_at > now() THEN due_at ELSE now() END
WHERE kind = $1 AND id = ANY($2::uuid[])
"""


def kind(key: Key) -> str:
    """The kind of work that waiting for this key's slots is."""
    return f"turn:{key[0]}/{key[1]}"


async def join(tx: Tx, waiting: Iterable[tuple[UUID, UUID, Key]]) -> None:
    """(Task, account, key)s that now wait; who waits already keeps his place."""
    await work.add(tx, [work.NewWork(task, kind(key), account) for task, account, key in waiting])


async def leave(tx: Tx, tasks: Sequence[UUID]) -> None:
    """They wait no more."""
    if tasks:
        await tx.execute(_LEAVE, list(tasks))


async def waited_for(db: Database, keys: Sequence[Key]) -> list[Key]:
    """The keys for whose slots anybody waits."""
    names = {kind(key): key for key in keys}
    found = await db.pool.fetch(_WAITED_FOR, list(names))
    return [names[row["name"]] for row in found]


async def hand_out(tx: Tx, key: Key, most: int, after: UUID, called: str) -> tuple[list[UUID], UUID]:
    """Keep each free slot for the task whose turn it is, and make the work of kind `called` on it due.

    The tasks, and the account after which to go on.
    """
    free = [row["n"] for row in await tx.fetch(_FREE, *key, most)]
    if not free:
        return [], after
    claims = await work.claim(tx, kind(key), limit=len(free), lease_seconds=KEPT_SECONDS, after=after)
    ids = [claim.id for claim in claims]
    still = {row["task_id"] for row in await tx.fetch(_OPEN, ids)}
    tasks = [task for task in ids if task in still]
    pairs = rows({"n": n, "task_id": task} for n, task in zip(free, tasks, strict=False))
    await tx.execute(_KEEP, *key, pairs, KEPT_SECONDS)
    await leave(tx, ids)
    await tx.execute(_CALL, called, tasks, {"turn": list(key)})
    return tasks, work.next_after(claims, after)

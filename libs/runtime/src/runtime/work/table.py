"""The work table: slow work as rows that workers claim, fairly across accounts, with a lease.

`due_at` is when a row may be claimed; a claim moves it to the end of the lease, so a worker that dies gives
its rows back by itself. Tries are counted at the claim. A late worker's writes miss: they name the lease.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from runtime.db import Connection, Tx, rows

DDL = """
CREATE TABLE work (
    id uuid NOT NULL,
    kind text NOT NULL,
    account_id uuid NOT NULL,
    payload jsonb,
    due_at timestamptz NOT NULL DEFAULT now(),
    leased boolean NOT NULL DEFAULT false,
    lease uuid,
    tries integer NOT NULL DEFAULT 0,
    nudges integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, kind)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
CREATE INDEX work_due ON work (kind, account_id, due_at);  -- the claim's walk from account to account
"""

_ADD = """
INSERT INTO work (id, kind, account_id, payload, due_at)
SELECT id, kind, account_id, payload, now() + make_interval(secs => delay)
FROM json_to_recordset($1::json) AS r(id uuid, kind text, account_id uuid, payload jsonb, delay float8)
ON CONFLICT (id, kind) DO NOTHING
"""

# Walks from one account with due work to the next (at most `limit` accounts, starting after the given one
# and wrapping around, past those that have their hands full), takes an equal share of each, then locks what
# nobody else holds. The commit doesn't wait for the disk: a claim that is lost is made again.
_CLAIM = """
WITH RECURSIVE walk AS (
    (SELECT account_id, 1 AS n FROM work WHERE kind = $1 AND account_id > $4 AND due_at <= now()
     AND account_id <> ALL($5::uuid[]) ORDER BY account_id LIMIT 1)
    UNION ALL
    SELECT (SELECT w.account_id FROM work w WHERE w.kind = $1 AND w.account_id > walk.account_id
            AND w.due_at <= now() AND w.account_id <> ALL($5::uuid[])
            ORDER BY w.account_id LIMIT 1), walk.n + 1
    FROM walk WHERE walk.account_id IS NOT NULL AND walk.n < $2
),
start AS (
    (SELECT account_id, 1 AS n FROM work WHERE kind = $1 AND account_id <= $4 AND due_at <= now()
     AND account_id <> ALL($5::uuid[]) ORDER BY account_id LIMIT 1)
),
rewalk AS (
    SELECT account_id, n FROM start
    UNION ALL
    SELECT (SELECT w.account_id FROM work w WHERE w.kind = $1 AND w.account_id > rewalk.account_id
            AND w.account_id <= $4 AND w.due_at <= now() AND w.account_id <> ALL($5::uuid[])
            ORDER BY w.account_id LIMIT 1), rewalk.n + 1
    FROM rewalk WHERE rewalk.account_id IS NOT NULL AND rewalk.n < $2
),
accounts AS (
    SELECT account_id
    FROM (SELECT account_id, 0 AS lap, n FROM walk UNION ALL SELECT account_id, 1, n FROM rewalk) AS laps
    WHERE account_id IS NOT NULL ORDER BY lap, n LIMIT $2
),
share AS (SELECT least($6::int, greatest(1, $2 / greatest(count(*), 1))) AS each FROM accounts),
hasty AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
taken AS (
    SELECT picked.id FROM hasty, accounts, LATERAL (
        SELECT w.id FROM work w
        WHERE w.kind = $1 AND w.account_id = accounts.account_id AND w.due_at <= now()
        ORDER BY w.due_at LIMIT (SELECT each FROM share) FOR UPDATE SKIP LOCKED
    ) AS picked LIMIT $2
)
UPDATE work SET due_at = now() + make_interval(secs => $3), leased = true, lease = gen_random_uuid(),
    tries = tries + 1
FROM taken WHERE work.id = taken.id AND work.kind = $1
RETURNING work.id, work.account_id, work.payload, work.tries, work.nudges, work.lease,
    work.due_at AS lease_until
"""

_COMPLETE = """
DELETE FROM work w USING json_to_recordset($1::json) AS r(id uuid, kind text, lease uuid)
WHERE w.id = r.id AND w.kind = r.kind AND w.lease = r.lease
"""

_RESCHEDULE = """
UPDATE work w SET leased = false, lease = NULL,
    due_at = CASE WHEN w.nudges <> r.nudges THEN now() ELSE now() + make_interval(secs => r.delay) END,
    tries = CASE WHEN r.forget THEN 0 ELSE w.tries END
FROM json_to_recordset($1::json) AS r(id uuid, kind text, lease uuid, nudges int, delay float8, forget bool)
WHERE w.id = r.id AND w.kind = r.kind AND w.lease = r.lease
"""

_RENEW = """
UPDATE work w SET due_at = now() + make_interval(secs => $2)
FROM json_to_recordset($1::json) AS r(id uuid, kind text, lease uuid)
WHERE w.id = r.id AND w.kind = r.kind AND w.lease = r.lease
RETURNING w.id
"""

_NUDGE = """
UPDATE work SET nudges = nudges + 1, due_at = CASE WHEN leased AND due_at > now() THEN due_at ELSE now() END
WHERE kind = $1 AND id = ANY($2::uuid[])
"""

_DROP = "DELETE FROM work WHERE kind = $1 AND id = ANY($2::uuid[])"


@dataclass(frozen=True, slots=True)
class NewWork:
    """A row to be: `id` and `kind` are its natural key, so saying it twice adds it once."""

    id: UUID
    kind: str
    account_id: UUID
    payload: Any = None
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Claim:
    """A row in hand until `lease_until` (the database's clock)."""

    id: UUID
    kind: str
    account_id: UUID
    payload: Any
    tries: int
    nudges: int
    lease: UUID
    lease_until: datetime


async def add(tx: Tx, items: Sequence[NewWork]) -> int:
    """Add rows; the number that were not there yet."""
    if not items:
        return 0
    given = rows(
        {"id": i.id, "kind": i.kind, "account_id": i.account_id, "payload": i.payload, "delay": i.delay}
        for i in items
    )
    return await tx.execute(_ADD, given)


async def claim(
    conn: Connection | Tx,
    kind: str,
    *,
    limit: int,
    lease_seconds: float,
    after: UUID,
    without: Sequence[UUID] = (),
    most_each: int | None = None,
) -> list[Claim]:
    """Claim up to `limit` due rows, an equal share of each account, going round from the account `after`.

    Nothing of the accounts `without`, and at most `most_each` of any other. A single statement, so outside a
    transaction it costs one round trip.
    """
    most = limit if most_each is None else most_each
    found = await conn.fetch(_CLAIM, kind, limit, lease_seconds, after, list(without), most)
    return [
        Claim(
            id=r["id"],
            kind=kind,
            account_id=r["account_id"],
            payload=r["payload"],
            tries=r["tries"],
            nudges=r["nudges"],
            lease=r["lease"],
            lease_until=r["lease_until"],
        )
        for r in found
    ]


def next_after(claims: Sequence[Claim], after: UUID) -> UUID:
    """The account to go on from: the last one of this round, which may have begun anew at the first."""
    accounts = [claim.account_id for claim in claims]
    return max([account for account in accounts if account <= after] or accounts, default=after)


async def complete(tx: Tx, claims: Sequence[Claim]) -> int:
    """Done: the rows go. Fewer than given means that a lease was lost meanwhile."""
    return await tx.execute(_COMPLETE, rows({"id": c.id, "kind": c.kind, "lease": c.lease} for c in claims))


async def reschedule(tx: Tx, items: Sequence[tuple[Claim, float]], *, forget_tries: bool = False) -> int:
    """Again after that many seconds; at once if the row was nudged since it was claimed.

    `forget_tries` for work that goes on by design (a poll), not because it failed.
    """
    given = rows(
        {
            "id": c.id,
            "kind": c.kind,
            "lease": c.lease,
            "nudges": c.nudges,
            "delay": delay,
            "forget": forget_tries,
        }
        for c, delay in items
    )
    return await tx.execute(_RESCHEDULE, given)


async def renew(tx: Tx, claims: Sequence[Claim], lease_seconds: float) -> set[UUID]:
    """Hold on to rows for that long from now; the ids of those that are still ours."""
    given = rows({"id": c.id, "kind": c.kind, "lease": c.lease} for c in claims)
    return {row["id"] for row in await tx.fetch(_RENEW, given, lease_seconds)}


async def nudge(tx: Tx, kind: str, ids: Sequence[UUID]) -> int:
    """Make rows due now; one in a worker's hands is due again as soon as it is put back."""
    return await tx.execute(_NUDGE, kind, list(ids)) if ids else 0


async def drop(tx: Tx, kind: str, ids: Sequence[UUID]) -> int:
    """Take rows away whoever holds them: the work has become pointless."""
    return await tx.execute(_DROP, kind, list(ids)) if ids else 0

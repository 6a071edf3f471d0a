"""Rates as rows: replicas take their calls from one clock, the database's."""

from collections.abc import Iterable, Sequence

from runtime.db import Connection, Database, Tx, rows

from dispatcher.domain.providers import Provider

AHEAD_SECONDS = 0.25
"""How far ahead calls are given away: who comes later waits behind no more than that."""

_SEED_SLOTS = """
INSERT INTO slots (provider, credential_id, n)
SELECT r.provider, r.credential_id, s.n
FROM json_to_recordset($1::json) AS r(provider text, credential_id text, most int),
     LATERAL generate_series(1, r.most) AS s(n)
ON CONFLICT DO NOTHING
"""

_SEED_RATES = """
INSERT INTO rates (provider, credential_id, kind)
SELECT provider, credential_id, kind
FROM json_to_recordset($1::json) AS r(provider text, credential_id text, kind text)
ON CONFLICT DO NOTHING
"""

# Takes the calls that fall due within the given seconds; `wait` is the time until the first of them, or
# until the first that can be had if there is none yet.
_TAKE = """
WITH free AS (
    SELECT provider, credential_id, kind, greatest(next_at, now()) AS from_at,
           least($4::int, floor(extract(epoch FROM now() - greatest(next_at, now())
                                + make_interval(secs => $6)) * $5::float8)::int + 1) AS calls
    FROM rates WHERE provider = $1 AND credential_id = $2 AND kind = $3 FOR UPDATE
),
moved AS (
    UPDATE rates r SET next_at = free.from_at + make_interval(secs => greatest(free.calls, 0) / $5::float8)
    FROM free WHERE (r.provider, r.credential_id, r.kind) = (free.provider, free.credential_id, free.kind)
)
SELECT greatest(calls, 0) AS calls, extract(epoch FROM from_at - now())::float8 AS wait FROM free
"""

# The open tasks first, for there are few of them.
_LIVE = """
SELECT count(*) FROM work w JOIN attempts a ON a.task_id = w.id
WHERE w.kind = $3 AND a.status = 'submitted' AND a.provider = $1 AND a.credential_id = $2
"""


async def seed(db: Database, providers: Iterable[Provider]) -> None:
    """Make the rows of all limits that are set; existing ones stay as they are."""
    slots: list[dict[str, object]] = []
    rates: list[dict[str, object]] = []
    for provider in providers:
        for credential in provider.credentials:
            key: dict[str, object] = {"provider": provider.name, "credential_id": credential.id}
            slots.append(key | {"most": provider.max_concurrent or 0})
            limits = {"submit": provider.submits_per_second, "poll": provider.polls_per_second}
            rates += [key | {"kind": kind} for kind, limit in limits.items() if limit is not None]
    async with db.transaction() as tx:
        await tx.execute(_SEED_SLOTS, rows(slots))
        await tx.execute(_SEED_RATES, rows(rates))


async def take(tx: Tx, key: Sequence[str], calls: int, per_second: float) -> tuple[int, float]:
    """Take up to that many calls of (provider, credential, kind): how many, and when the first may go."""
    row = await tx.fetchrow(_TAKE, *key, calls, per_second, AHEAD_SECONDS)
    if row is None:
        return 0, AHEAD_SECONDS
    return row["calls"], row["wait"]


async def live(conn: Connection, provider: str, credential_id: str, kind: str) -> int:
    """How many of a credential's jobs are at the provider; `kind` is that of their work."""
    found: int = await conn.fetchval(_LIVE, provider, credential_id, kind)
    return found

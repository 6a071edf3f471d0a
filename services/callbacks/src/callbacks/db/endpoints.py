"""Endpoints: where an account wants to be told of its news."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
from runtime.db import Connection, Tx

from callbacks.domain.endpoint import Endpoint

_COLUMNS = """
e.id, e.account_id, e.url, e.description, e.events, e.created_at, e.updated_at, e.disabled_at,
e.disabled_reason, e.failing_since, s.rotated_at,
CASE WHEN s.previous_until > now() THEN s.previous_until END AS previous_until
"""
_FROM = "FROM endpoints e LEFT JOIN signing_secrets s ON s.owner_id = e.id"

_LIST = f"SELECT {_COLUMNS} {_FROM} WHERE e.account_id = $1 AND e.url IS NOT NULL ORDER BY e.id"
_FIND = f"SELECT {_COLUMNS} {_FROM} WHERE e.account_id = $1 AND e.id = $2 AND e.url IS NOT NULL"

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('endpoints:' || $1::text, 0))"
_COUNT = "SELECT count(*) FROM endpoints WHERE account_id = $1 AND (url IS NULL) = $2"
_INSERT = """
INSERT INTO endpoints (id, account_id, url, description, events, polled_at)
VALUES ($1, $2, $3, $4, $5, CASE WHEN $3::text IS NULL THEN now() END)
"""
_UPDATE = """
UPDATE endpoints SET url = $3, description = $4, events = $5, updated_at = now(),
    disabled_at = CASE WHEN $6 THEN NULL ELSE coalesce(disabled_at, now()) END,
    disabled_reason = CASE WHEN $6 THEN NULL ELSE coalesce(disabled_reason, 'owner') END,
    failing_since = CASE WHEN $6 AND disabled_at IS NOT NULL THEN NULL ELSE failing_since END
WHERE account_id = $1 AND id = $2 AND url IS NOT NULL
"""
_DELETE = "DELETE FROM endpoints WHERE account_id = $1 AND id = $2"
_FORGET_ROTATIONS = "DELETE FROM signing_secrets WHERE owner_id = $1"

_FORGET_LISTENERS = """
WITH gone AS (
    DELETE FROM endpoints WHERE url IS NULL AND polled_at < now() - make_interval(mins => $1) RETURNING id
)
UPDATE deliveries d SET state = 'given_up', reason = 'endpoint_deleted', ended_at = now()
FROM gone WHERE d.endpoint_id = gone.id AND d.state = 'pending'
"""

_WORKS = "UPDATE endpoints SET failing_since = NULL WHERE id = $1 AND failing_since IS NOT NULL"
_FAILS = "UPDATE endpoints SET failing_since = now() WHERE id = $1 AND failing_since IS NULL"
_DISABLE = """
UPDATE endpoints SET disabled_at = now(), disabled_reason = $2, updated_at = now()
WHERE id = $1 AND disabled_at IS NULL RETURNING url, failing_since, disabled_at
"""

_ROTATIONS = """
SELECT generation, rotated_at, CASE WHEN previous_until > now() THEN previous_until END AS previous_until
FROM signing_secrets WHERE owner_id = $1
"""
_ROTATE = """
INSERT INTO signing_secrets AS s (owner_id, generation, previous_until)
VALUES ($1, 2, now() + make_interval(secs => $2))
ON CONFLICT (owner_id) DO UPDATE SET generation = s.generation + 1, rotated_at = now(),
    previous_until = excluded.previous_until
RETURNING generation, rotated_at, previous_until
"""


async def page(conn: Connection, account_id: UUID) -> list[Endpoint]:
    """An account's endpoints, oldest first."""
    return [Endpoint(**row) for row in await conn.fetch(_LIST, account_id)]


async def find(conn: Connection | Tx, account_id: UUID, endpoint_id: UUID) -> Endpoint | None:
    """An account's endpoint, or None."""
    row = await conn.fetchrow(_FIND, account_id, endpoint_id)
    return None if row is None else Endpoint(**row)


async def count(tx: Tx, account_id: UUID, *, listeners: bool = False) -> int:
    """How many an account has; until the end of the transaction nobody else adds one to it."""
    await tx.execute(_LOCK, str(account_id))
    found: int = await tx.fetchval(_COUNT, account_id, listeners)
    return found


async def insert(
    tx: Tx, endpoint_id: UUID, account_id: UUID, url: str | None, description: str, events: Sequence[str]
) -> None:
    """Add an endpoint, or with no URL a listener."""
    await tx.execute(_INSERT, endpoint_id, account_id, url, description, list(events))


async def update(tx: Tx, endpoint: Endpoint, *, enabled: bool) -> None:
    """Write what its owner may change. Enabling forgets that it failed."""
    await tx.execute(
        _UPDATE,
        endpoint.account_id,
        endpoint.id,
        endpoint.url,
        endpoint.description,
        list(endpoint.events),
        enabled,
    )


async def delete(tx: Tx, account_id: UUID, endpoint_id: UUID) -> bool:
    """Take an endpoint away with its secrets; False if there was none."""
    gone = await tx.execute(_DELETE, account_id, endpoint_id) == 1
    if gone:
        await tx.execute(_FORGET_ROTATIONS, endpoint_id)
    return gone


async def works(tx: Tx, endpoint_id: UUID) -> None:
    """It has taken something: whatever failed before is forgotten."""
    await tx.execute(_WORKS, endpoint_id)


async def fails(tx: Tx, endpoint_id: UUID) -> None:
    """Remember since when it fails."""
    await tx.execute(_FAILS, endpoint_id)


async def disable(tx: Tx, endpoint_id: UUID, reason: str) -> asyncpg.Record | None:
    """Disable an endpoint: its `url`, `failing_since`, `disabled_at`; None when it was disabled already."""
    return await tx.fetchrow(_DISABLE, endpoint_id, reason)


async def secret(conn: Connection | Tx, owner_id: UUID) -> dict[str, Any] | None:
    """`generation`, `rotated_at`, `previous_until` of a secret; None while it is the first one."""
    row = await conn.fetchrow(_ROTATIONS, owner_id)
    return None if row is None else dict(row)


async def rotate(tx: Tx, owner_id: UUID, overlap_seconds: float) -> asyncpg.Record:
    """Make the next secret; the one before stays valid that long."""
    row = await tx.fetchrow(_ROTATE, owner_id, overlap_seconds)
    assert row is not None, "it returns what it wrote"
    return row


async def forget_listeners(tx: Tx, minutes: int) -> int:
    """Take listeners away that have not asked for that long; how many deliveries end with them."""
    return await tx.execute(_FORGET_LISTENERS, minutes)

"""What other services may read: an account's transfers by pages, and the holds that are open."""

from typing import Any
from uuid import UUID

from runtime.db import Connection

# What a transfer adds to the account's own two balances; write-offs touch neither.
_TRANSFERS = """
SELECT t.version, t.asset, t.kind, t.amount_micro, t.task_id, t.change_id, t.recorded_at,
       t.amount_micro * ((t.credit = 'available')::int - (t.debit = 'available')::int)
           AS available_change_micro,
       t.amount_micro * ((t.credit = 'held')::int - (t.debit = 'held')::int) AS held_change_micro,
       t.available_micro, t.held_micro, c.kind AS change_kind, c.reason
FROM transfers t LEFT JOIN changes c ON c.change_id = t.change_id
WHERE t.account_id = $1 AND t.asset = $2 AND t.version < $3
ORDER BY t.version DESC LIMIT $4
"""
# Every open hold expires after the sweeper's watermark: its BRIN window is all that is read.
_HOLDS = """
SELECT t.task_id, t.account_id, t.asset, t.held_micro, t.frozen_at, t.deadline, t.expires_at,
       t.expires_at <= now() AS expired, t.provider_outcome, t.storage_outcome
FROM tasks t, sweep_watermark w
WHERE t.expires_at >= w.swept_until AND t.frozen_at IS NOT NULL AND t.closed_at IS NULL
  AND ($1::uuid IS NULL OR t.account_id = $1)
  AND ($2::boolean IS NULL OR (t.expires_at <= now()) = $2)
  AND ($3::uuid IS NULL OR t.task_id > $3)
ORDER BY t.task_id LIMIT $4
"""


async def transfers(
    conn: Connection, account_id: UUID, asset: str, before: int, limit: int
) -> list[dict[str, Any]]:
    """An account's transfers of an asset below a version, newest first, with the balances after each."""
    return [dict(row) for row in await conn.fetch(_TRANSFERS, account_id, asset, before, limit)]


async def open_holds(
    conn: Connection, account_id: UUID | None, expired: bool | None, after: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """Open holds in the order of their tasks, after one: of an account or of all, past their time or not."""
    return [dict(row) for row in await conn.fetch(_HOLDS, account_id, expired, after, limit)]

"""Holds past their time: what the sweeper reads, and how far it has come."""

from datetime import timedelta

from runtime.db import Tx

from ledger.domain.facts import Expired

# A dead letter may hold the very fact that resolves the hold. One that names no task speaks for all tasks of
# the account it is keyed by.
_CANDIDATES = """
SELECT t.task_id, t.account_id, t.expires_at
FROM tasks t, sweep_watermark w
WHERE t.expires_at >= w.swept_until AND t.expires_at <= now() AND t.closed_at IS NULL
  AND NOT EXISTS (SELECT FROM dead_letters d WHERE d.subject = t.task_id::text AND d.replayed_at IS NULL)
  AND NOT EXISTS (SELECT FROM dead_letters d WHERE d.subject IS NULL AND d.replayed_at IS NULL
                  AND d.key = convert_to(t.account_id::text, 'UTF8'))
ORDER BY t.expires_at, t.task_id
LIMIT $1
"""

# Never past an open hold, and not up to now: a freeze that is being committed may still bring an older time.
_ADVANCE = """
WITH safe AS (
    SELECT now() - $1::interval AS until,
           (SELECT min(t.expires_at) FROM tasks t, sweep_watermark w
            WHERE t.expires_at >= w.swept_until AND t.expires_at <= now() - $1::interval
              AND t.closed_at IS NULL) AS oldest_open
)
UPDATE sweep_watermark SET swept_until = greatest(swept_until, least(safe.until, safe.oldest_open)) FROM safe
"""

COMMIT_GRACE = timedelta(minutes=10)
"""Longer than any transaction lives, by the statement and idle timeouts of every connection."""


async def candidates(tx: Tx, limit: int) -> list[Expired]:
    """Open holds past their time without an open dead letter, the oldest first."""
    return [
        Expired(row["task_id"], row["account_id"], row["expires_at"])
        for row in await tx.fetch(_CANDIDATES, limit)
    ]


async def advance(tx: Tx) -> None:
    """Remember up to where every hold is closed."""
    await tx.execute(_ADVANCE, COMMIT_GRACE)

"""Generations: tasks with a number per account, favourites, share links, the public gallery."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from runtime.db import Connection, Tx, rows

from gateway.db.tasks import VIEW_COLUMNS
from gateway.domain.admission import Submission
from gateway.domain.again import RequestedAgain

# The accounts are locked in one order, after the balances.
_NUMBER = """
WITH r AS MATERIALIZED (
    SELECT account_id, task_id, row_number() OVER (PARTITION BY account_id ORDER BY place) AS n
    FROM ROWS FROM (json_to_recordset($1::json) AS (account_id uuid, task_id uuid)) WITH ORDINALITY
    AS r(account_id, task_id, place)
), locked AS MATERIALIZED (
    SELECT id FROM accounts WHERE id IN (SELECT account_id FROM r) ORDER BY id FOR NO KEY UPDATE
), counted AS (
    UPDATE accounts a SET generations = a.generations + s.made
    FROM (SELECT account_id, count(*)::integer AS made FROM r GROUP BY 1) s
    WHERE a.id = s.account_id AND a.id IN (SELECT id FROM locked)
    RETURNING a.id, a.generations - s.made AS before
)
INSERT INTO generations (account_id, number, task_id)
SELECT r.account_id, c.before + r.n, r.task_id FROM r JOIN counted c ON c.id = r.account_id
"""
_NUMBERS = "SELECT task_id, number FROM generations WHERE account_id = $1 AND task_id = ANY($2::uuid[])"
_JOINED = f"""
SELECT t.*, g.number, g.is_favorite, g.share_token, g.published_at
FROM generations g
JOIN LATERAL (SELECT {VIEW_COLUMNS}, input FROM tasks WHERE id = g.task_id AND deleted_at IS NULL) t ON true
"""
_PAGE = f"""
{_JOINED} WHERE g.account_id = $1 AND t.model = ANY($2::text[])
ORDER BY g.number DESC LIMIT $3 OFFSET $4
"""
_ONE = f"{_JOINED} WHERE g.account_id = $1 AND g.number = $2 AND t.model = ANY($3::text[])"
_SHARED = f"{_JOINED} WHERE g.share_token = $1"
_OF_TASK = f"{_JOINED} WHERE g.task_id = $1 AND g.published_at IS NOT NULL"
_GALLERY = f"""
{_JOINED} WHERE g.published_at IS NOT NULL AND t.asset = 'credit'
ORDER BY g.published_at DESC LIMIT $1 OFFSET $2
"""
_FAVOR = """
UPDATE generations SET is_favorite = NOT is_favorite WHERE account_id = $1 AND number = $2
RETURNING is_favorite
"""
_SHARE = """
UPDATE generations SET share_token = coalesce(share_token, $3) WHERE account_id = $1 AND number = $2
RETURNING share_token
"""
_PUBLISH = """
UPDATE generations SET published_at = CASE WHEN published_at IS NULL THEN now() END
WHERE account_id = $1 AND number = $2
RETURNING published_at IS NOT NULL
"""


async def number(tx: Tx, submissions: Iterable[Submission | RequestedAgain]) -> None:
    """Give new tasks the next numbers of their accounts, in this order."""
    items = [{"account_id": each.account_id, "task_id": each.task_id} for each in submissions]
    if items:
        await tx.execute(_NUMBER, rows(items))


async def numbers(conn: Connection, account_id: UUID, task_ids: Collection[UUID]) -> dict[UUID, int]:
    """The numbers of an account's tasks; those that have none are left out."""
    found = await conn.fetch(_NUMBERS, account_id, list(task_ids))
    return {row["task_id"]: row["number"] for row in found}


async def page(
    conn: Connection, account_id: UUID, models: Sequence[str], limit: int, offset: int
) -> list[dict[str, Any]]:
    """An account's generations by these models, newest first."""
    return [dict(row) for row in await conn.fetch(_PAGE, account_id, list(models), limit, offset)]


async def one(
    conn: Connection, account_id: UUID, number: int, models: Sequence[str]
) -> dict[str, Any] | None:
    """An account's generation by its number; None if it isn't there, by another model, or deleted."""
    row = await conn.fetchrow(_ONE, account_id, number, list(models))
    return None if row is None else dict(row)


async def shared(conn: Connection, token: str) -> dict[str, Any] | None:
    """The generation that a share token opens, whosever it is."""
    row = await conn.fetchrow(_SHARED, token)
    return None if row is None else dict(row)


async def published(conn: Connection, task_id: UUID) -> dict[str, Any] | None:
    """A task's generation if its owner has made it public."""
    row = await conn.fetchrow(_OF_TASK, task_id)
    return None if row is None else dict(row)


async def gallery(conn: Connection, limit: int, offset: int) -> list[dict[str, Any]]:
    """What all accounts have made public, newest first; nothing that test keys made."""
    return [dict(row) for row in await conn.fetch(_GALLERY, limit, offset)]


async def toggle_favorite(conn: Connection, account_id: UUID, number: int) -> bool:
    """Whether it is one now."""
    found: bool = await conn.fetchval(_FAVOR, account_id, number)
    return found


async def share(conn: Connection, account_id: UUID, number: int, token: str) -> str:
    """Its share token: the given one unless it has one already."""
    found: str = await conn.fetchval(_SHARE, account_id, number, token)
    return found


async def toggle_public(conn: Connection, account_id: UUID, number: int) -> bool:
    """Whether it is public now."""
    found: bool = await conn.fetchval(_PUBLISH, account_id, number)
    return found

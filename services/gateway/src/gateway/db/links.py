"""Links to results and uploads."""

from dataclasses import dataclass
from uuid import UUID

from runtime.db import Connection

_FIND = """
SELECT bucket, object_key, file_name, content_type, size_bytes, sha256
FROM links WHERE token = $1 AND revoked_at IS NULL
UNION ALL
SELECT bucket, object_key, file_name, content_type, size_bytes, sha256
FROM uploads WHERE token = $1 AND state = 'ready'
"""
_REVOKE = """
WITH revoked AS (
    UPDATE links l SET revoked_at = coalesce(l.revoked_at, now())
    FROM tasks t, json_array_elements(t.assets) AS a
    WHERE t.id = $2 AND t.account_id = $1 AND l.token = a->>'token' AND ($3::text IS NULL OR l.token = $3)
    RETURNING l.token
)
SELECT count(*) FROM revoked
"""


@dataclass(frozen=True, slots=True)
class Link:
    """The file behind a link."""

    bucket: str
    object_key: str
    file_name: str
    content_type: str
    size_bytes: int
    sha256: str


async def find(conn: Connection, token: str) -> Link | None:
    """The file behind a token; None for an unknown or revoked one."""
    row = await conn.fetchrow(_FIND, token)
    return None if row is None else Link(**row)


async def revoke(conn: Connection, account_id: UUID, task_id: UUID, token: str | None) -> int:
    """Revoke one link of an account's task, or all (None); how many there are of those."""
    found: int = await conn.fetchval(_REVOKE, account_id, task_id, token)
    return found

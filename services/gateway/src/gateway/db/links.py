"""Links to results and uploads."""

from dataclasses import dataclass

from runtime.db import Connection

_FIND = """
SELECT bucket, object_key, file_name, content_type, size_bytes, sha256
FROM links WHERE token = $1 AND revoked_at IS NULL
UNION ALL
SELECT bucket, object_key, file_name, content_type, size_bytes, sha256
FROM uploads WHERE token = $1 AND state = 'ready'
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

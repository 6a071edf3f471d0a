"""Files that customers bring."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from runtime.db import Connection, row_count

from gateway.domain.media_files import MediaKind
from gateway.domain.uploads import Upload

_SHOWN = """
    id, account_id, token, bucket, object_key, file_name, kind, content_type, size_bytes, sha256,
    width, height, duration_ms, created_at, expires_at
"""
_BEGIN = """
INSERT INTO uploads (id, account_id, token, bucket, prefix, file_name, content_type, size_bytes, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now() + $9 * interval '1 second')
"""
_PENDING = """
SELECT id, bucket, prefix, token, file_name, size_bytes FROM uploads
WHERE account_id = $1 AND id = $2 AND state = 'pending' AND size_bytes IS NOT NULL AND expires_at > now()
"""
# The first one wins: whoever checked the same upload meanwhile removes its own object.
_FINISH = f"""
UPDATE uploads
SET state = 'ready', object_key = $2, file_name = $3, kind = $4, content_type = $5, size_bytes = $6,
    sha256 = $7, width = $8, height = $9, duration_ms = $10, expires_at = now() + $11 * interval '1 second'
WHERE id = $1 AND state = 'pending'
RETURNING {_SHOWN}
"""
_ONE = f"SELECT {_SHOWN} FROM uploads WHERE account_id = $1 AND id = $2 AND state = 'ready'"
_PAGE = f"""
SELECT {_SHOWN} FROM uploads
WHERE account_id = $1 AND state = 'ready' AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3
"""
_PIN = f"""
UPDATE uploads SET expires_at = greatest(expires_at, now() + $4 * interval '1 second')
WHERE account_id = $1 AND (id = ANY($2::uuid[]) OR token = ANY($3::text[])) AND state = 'ready'
RETURNING {_SHOWN}
"""
# Tasks live for a day at most; the index by time keeps this from looking at older ones.
_IN_USE = """
SELECT EXISTS (
    SELECT FROM tasks
    WHERE account_id = $1 AND finished_at IS NULL AND requested_at > now() - interval '3 days'
      AND strpos(input::text, $2) > 0
)
"""
_MARK = "UPDATE uploads SET state = 'deleted' WHERE id = $1 AND state <> 'deleted'"
_EXPIRE = """
UPDATE uploads SET state = 'deleted' WHERE id = ANY(ARRAY(
    SELECT id FROM uploads WHERE expires_at < now() AND state <> 'deleted' LIMIT $1 FOR UPDATE SKIP LOCKED
))
"""
_DOOMED = "SELECT id, bucket, prefix FROM uploads WHERE state = 'deleted' LIMIT $1"
_DROP = "DELETE FROM uploads WHERE id = $1"

_HELD = """
SELECT state, count(*) AS files, coalesce(sum(size_bytes), 0)::bigint AS size_bytes
FROM uploads GROUP BY state
"""


@dataclass(frozen=True, slots=True)
class Held:
    """How many files of a state there are, and their size together."""

    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Begun:
    """An upload that isn't there yet. `size_bytes` is known of those that go to the store directly."""

    id: UUID
    token: str
    bucket: str
    prefix: str
    file_name: str
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What an upload turned out to be."""

    object_key: str
    file_name: str
    kind: MediaKind
    content_type: str
    size_bytes: int
    sha256: str
    width: int | None
    height: int | None
    duration_ms: int | None


async def begin(
    conn: Connection, begun: Begun, account_id: UUID, seconds: float, content_type: str | None = None
) -> None:
    """Remember that something will be written for an account, so that it can be removed after a crash."""
    await conn.execute(
        _BEGIN,
        begun.id,
        account_id,
        begun.token,
        begun.bucket,
        begun.prefix,
        begun.file_name,
        content_type,
        begun.size_bytes,
        seconds,
    )


async def announced(conn: Connection, account_id: UUID, upload_id: UUID) -> Begun | None:
    """A direct upload that is still to be completed; None if there is none."""
    row = await conn.fetchrow(_PENDING, account_id, upload_id)
    return None if row is None else Begun(**row)


async def finish(conn: Connection, upload_id: UUID, found: Found, seconds: float) -> Upload | None:
    """The upload is there, for so long; None if somebody else said so before, or it is gone."""
    row = await conn.fetchrow(
        _FINISH,
        upload_id,
        found.object_key,
        found.file_name,
        found.kind,
        found.content_type,
        found.size_bytes,
        found.sha256,
        found.width,
        found.height,
        found.duration_ms,
        seconds,
    )
    return None if row is None else Upload(**row)


async def one(conn: Connection, account_id: UUID, upload_id: UUID) -> Upload | None:
    """An account's upload; None if it isn't there (any more)."""
    row = await conn.fetchrow(_ONE, account_id, upload_id)
    return None if row is None else Upload(**row)


async def page(conn: Connection, account_id: UUID, after: UUID | None, limit: int) -> list[Upload]:
    """An account's uploads, newest first."""
    return [Upload(**row) for row in await conn.fetch(_PAGE, account_id, after, limit)]


async def pin(
    conn: Connection, account_id: UUID, ids: Collection[UUID], tokens: Collection[str], seconds: float
) -> Sequence[Upload]:
    """An account's uploads by id or token, none of which goes before so many seconds are over."""
    found = await conn.fetch(_PIN, account_id, list(ids), list(tokens), seconds)
    return [Upload(**row) for row in found]


async def in_use(conn: Connection, account_id: UUID, token: str) -> bool:
    """Whether an unfinished task of the account names the upload."""
    found: bool = await conn.fetchval(_IN_USE, account_id, token)
    return found


async def mark(conn: Connection, upload_id: UUID) -> None:
    """From now on it isn't there; its objects have still to go."""
    await conn.execute(_MARK, upload_id)


async def expire(conn: Connection, most: int) -> int:
    """Mark those whose time is over; how many."""
    return row_count(await conn.execute(_EXPIRE, most))


async def doomed(conn: Connection, most: int) -> list[tuple[UUID, str, str]]:
    """Those whose objects have to go: id, bucket, prefix of the keys."""
    return [(row["id"], row["bucket"], row["prefix"]) for row in await conn.fetch(_DOOMED, most)]


async def drop(conn: Connection, upload_id: UUID) -> None:
    """Forget one whose objects are gone."""
    await conn.execute(_DROP, upload_id)


async def held(conn: Connection) -> dict[str, Held]:
    """The files that are there, by state."""
    return {row["state"]: Held(row["files"], row["size_bytes"]) for row in await conn.fetch(_HELD)}

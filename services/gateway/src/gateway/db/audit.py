"""The audit log: who changed accounts, keys, credits and prices, when and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from contracts.ids import uuid7
from runtime.db import Connection, Tx

_INSERT = """
INSERT INTO audit_log (id, actor, actor_account_id, account_id, action, subject, reason, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::json)
"""
_PAGE = """
SELECT id, at, actor, actor_account_id, account_id, action, subject, reason, detail FROM audit_log
WHERE ($1::uuid IS NULL OR account_id = $1) AND ($2::uuid IS NULL OR id < $2)
  AND ($4::text IS NULL OR action = $4)
ORDER BY id DESC LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a key of an account, or an operator at a terminal, who has neither."""

    name: str
    account_id: UUID | None = None


COMMAND_LINE = Actor("command line")


@dataclass(frozen=True, slots=True)
class Entry:
    """One change. `action` is like `key.created`; `subject` is the id of what was changed."""

    actor: str
    """`key_…`, or `command line` for an operator at a terminal."""
    action: str
    subject: str
    account_id: UUID | None = None
    actor_account_id: UUID | None = None
    reason: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    """What changed, without secrets; JSON-able."""


async def record(tx: Tx, entry: Entry) -> None:
    """Write it down in the transaction that makes the change."""
    await tx.execute(
        _INSERT,
        uuid7(),
        entry.actor,
        entry.actor_account_id,
        entry.account_id,
        entry.action,
        entry.subject,
        entry.reason,
        orjson.dumps(entry.detail, default=str).decode(),
    )


async def page(
    conn: Connection, account_id: UUID | None, before: UUID | None, limit: int, action: str | None = None
) -> list[dict[str, Any]]:
    """Entries, newest first: of an account or of all, before an entry's id, of one action or of all."""
    return [dict(row) for row in await conn.fetch(_PAGE, account_id, before, limit, action)]

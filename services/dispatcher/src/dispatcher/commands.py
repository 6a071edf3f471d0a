"""The operator's commands: reads only."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from contracts.ids import task_from_text
from runtime.db import prepare_connection

from dispatcher.db import reports
from dispatcher.domain.reconciliation import Finding
from dispatcher.inbound import bills, terminal
from dispatcher.usecases.reconcile_bills import reconcile_bills

_ORPHANS = """
SELECT a.task_id, j.account_id, a.n AS attempt, a.orphan, a.status, a.provider, a.credential_id, a.model,
       a.provider_job_id, a.correlation, a.submitting_at, a.ended_at, a.usage, a.actual_micro
FROM attempts a JOIN jobs j ON j.task_id = a.task_id
WHERE a.orphan IN ('suspected', 'confirmed') ORDER BY a.submitting_at
"""


async def job(dsn: str, task: str) -> str | None:
    """A job with its attempts and its work row; None if there is none, or if the text is no task's id."""
    task_id = _task_id(task)
    if task_id is None:
        return None
    conn = await _connect(dsn)
    try:
        found = await reports.task(conn, task_id)
    finally:
        await conn.close()
    return _json(found) if found else None


async def providers(dsn: str) -> str:
    """How each provider's keys do, as every running worker has seen it."""
    conn = await _connect(dsn)
    try:
        return _json(await reports.providers(conn))
    finally:
        await conn.close()


async def orphans(dsn: str) -> str:
    """All suspected and confirmed orphans, oldest first, one JSON object per line."""
    conn = await _connect(dsn)
    try:
        found = await conn.fetch(_ORPHANS)
    finally:
        await conn.close()
    return "\n".join(orjson.dumps(_shown(each), default=str).decode() for each in found)


async def reconcile(dsn: str, text: str, since: str | None, until: str | None) -> list[Finding]:
    """Bills against attempts; of the time given, else from their first to their last job.

    Raises ValueError for what can't be read.
    """
    lines = bills.read(text)
    at = [line.accepted_at for line in lines if line.accepted_at is not None]
    first = terminal.moment(since) if since else min(at, default=datetime.max.replace(tzinfo=UTC))
    last = terminal.moment(until) if until else max(at, default=datetime.now(UTC))
    conn = await _connect(dsn)
    try:
        return await reconcile_bills(conn, [line.bill for line in lines], first, last)
    finally:
        await conn.close()


def _task_id(text: str) -> UUID | None:
    try:
        return task_from_text(text) or UUID(text)
    except ValueError:
        return None


async def _connect(dsn: str) -> asyncpg.Connection:
    conn = await asyncpg.connect(dsn)
    await prepare_connection(conn)
    return conn


def _shown(row: asyncpg.Record) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


def _json(value: object) -> str:
    return orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode()

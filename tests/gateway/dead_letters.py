"""A record as its reader sets it aside."""

import json
from datetime import UTC, datetime
from typing import Any

import asyncpg
from contracts import envelope, topics
from contracts.ids import uuid7

_INSERT = """
INSERT INTO dead_letters (topic, topic_id, partition, "offset", subject, key, headers, value, reason, error)
VALUES ($1, 'id', 0, $2, $3, $4, $5::text::jsonb, $6, 'unprocessable', 'a bug that is mended')
RETURNING id
"""


async def set_aside(db: asyncpg.Pool | asyncpg.Connection, event: Any, subject: str, **headers: str) -> int:
    """The dead letter's id."""
    topic = topics.topic_of(event)
    told = envelope.headers(
        event=str(uuid7()),
        source=topic.writer,
        kind=topic.type,
        subject=subject,
        time=datetime.now(UTC),
        traceparent="00-trace",
    )
    offset = int(await db.fetchval("SELECT coalesce(max(id), 0) FROM dead_letters"))
    record = (
        str(event.account_id).encode(),
        json.dumps(dict(told) | headers),
        event.model_dump_json().encode(),
    )
    return int(await db.fetchval(_INSERT, topic.name, offset, subject, *record))

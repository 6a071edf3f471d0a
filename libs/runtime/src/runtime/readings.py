"""What is measured of every service's tables and topics."""

import time
from collections.abc import Collection, Mapping
from typing import Any

from runtime import metrics
from runtime.bus.ends import TopicEnds
from runtime.db import Connection
from runtime.measure import Reading, Values

_OPEN_LETTERS = "SELECT topic, count(*) AS letters FROM dead_letters WHERE replayed_at IS NULL GROUP BY topic"
_CURSOR = "SELECT epoch, txid::text AS txid, id FROM outbox_cursor WHERE name = 'relay'"
_OLDEST_UNSENT = """
SELECT extract(epoch FROM now() - created_at)::float8 FROM outbox
WHERE (epoch, txid, id) > ($1, $2::text::xid8, $3)
ORDER BY epoch, txid, id LIMIT 1
"""
_HORIZON = """
SELECT pg_snapshot_xmin(s)::text AS xmin, pg_snapshot_xmin(s) < pg_snapshot_xmax(s) AS held
FROM pg_current_snapshot() AS s
"""
# Kinds are told up to a colon: what follows names one of many queues of a kind.
_WORK = """
SELECT split_part(kind, ':', 1) AS kind,
       count(*) FILTER (WHERE due_at <= now()) AS due,
       count(*) FILTER (WHERE due_at > now() AND leased) AS leased,
       count(*) FILTER (WHERE due_at > now() AND NOT leased) AS later,
       extract(epoch FROM now() - least(min(due_at), now()))::float8 AS oldest
FROM work GROUP BY 1
"""
_STORED = "SELECT topic_id, partition, next_offset FROM consumer_offsets WHERE group_id = $1"


def dead_letters(service: str, topics: Collection[str]) -> Reading:
    """Dead letters that wait for an operator."""

    async def take(conn: Connection) -> list[Values]:
        found = {row["topic"]: row["letters"] for row in await conn.fetch(_OPEN_LETTERS)}
        return [{(service, topic): found.get(topic, 0) for topic in {*topics, *found}}]

    return Reading("dead_letters", [metrics.OPEN_DEAD_LETTERS], take)


def outbox(service: str) -> Reading:
    """The oldest row that is still to be sent."""

    async def take(conn: Connection) -> list[Values]:
        cursor = await conn.fetchrow(_CURSOR)
        assert cursor is not None, "the migration makes the cursor"
        age = await conn.fetchval(_OLDEST_UNSENT, cursor["epoch"], cursor["txid"], cursor["id"])
        return [{(service,): age or 0.0}]

    return Reading("outbox", [metrics.DELAY], take)


def horizon(service: str) -> Reading:
    """How long the horizon of the cluster has stood still, as far as this process has seen it."""
    seen: tuple[str, float] = ("", 0.0)

    async def take(conn: Connection) -> list[Values]:
        nonlocal seen
        row: Any = await conn.fetchrow(_HORIZON)
        now = time.monotonic()
        if not row["held"] or row["xmin"] != seen[0]:
            seen = (row["xmin"], now)
        return [{(service,): now - seen[1]}]

    return Reading("horizon", [metrics.HORIZON], take)


def work(service: str, kinds: Collection[str]) -> Reading:
    """The queues of slow work, empty ones of these kinds included."""
    empty = {"due": 0, "leased": 0, "later": 0, "oldest": 0.0}

    async def take(conn: Connection) -> list[Values]:
        found: dict[str, Mapping[str, Any]] = dict.fromkeys(kinds, empty)
        found |= {row["kind"]: row for row in await conn.fetch(_WORK)}
        states = ("due", "leased", "later")
        return [
            {(service, kind, state): row[state] for kind, row in found.items() for state in states},
            {(service, kind): row["oldest"] for kind, row in found.items()},
        ]

    return Reading("work", [metrics.WORK, metrics.OLDEST_WORK], take)


def lag(ends: TopicEnds, service: str, group: str) -> Reading:
    """What the group has not handled, by topic and partition, whoever reads them or nobody."""

    async def take(conn: Connection) -> list[Values]:
        there = await ends.read()
        rows = await conn.fetch(_STORED, group)
        stored = {(row["topic_id"], row["partition"]): row["next_offset"] for row in rows}
        done = {key: stored.get(key[1:], 0) for key in there}
        done |= await _kept(ends, [key for key, end in there.items() if end and not done[key]])
        behind = {key: max(end - done[key], 0) for key, end in there.items()}
        return [{(service, group, topic, str(n)): value for (topic, _, n), value in behind.items()}]

    return Reading("lag", [metrics.LAG], take)


async def _kept(ends: TopicEnds, unread: Collection[tuple[str, str, int]]) -> dict[tuple[str, str, int], int]:
    """Who has read nothing of a partition has only missed what is still kept of it."""
    return dict(await ends.beginnings(unread)) if unread else {}

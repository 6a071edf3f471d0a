"""What the audit reads once it is quiet: each database, the topics, the bucket, the provider's log."""

import asyncio
import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aioboto3
from aiobotocore.config import AioConfig
from aiokafka import AIOKafkaConsumer, TopicPartition
from contracts.topics import PARTITIONS, TOPICS
from runtime.bus.topic_ids import topic_ids

from chaos.schedule import SERVICES
from chaos.stage import Stage

Row = Mapping[str, Any]
_GATEWAY = """
SELECT id::text, account_id::text, asset, model, idempotency_key, status, quote_micro, charged_micro,
       completed_outcome, stored_outcome, closed_outcome, closed_reason
FROM tasks
"""
_KEYS = "SELECT account_id::text, surface, key, task_ids::text[] AS task_ids FROM idempotency_keys"
_BALANCES = (
    "SELECT account_id::text, asset, available_micro, held_micro, pending_micro, live_tasks FROM balances"
)
_LAST_EVENTS = """
SELECT task_id::text, count(*) AS ends FROM task_events
WHERE type IN ('succeeded', 'failed', 'cancelled') GROUP BY task_id
"""
_ATTEMPTS = """
SELECT a.task_id::text, a.n, a.status, a.provider, a.model, a.provider_job_id, a.correlation,
       a.orphan, a.submitted_at, a.cost_micro, a.actual_micro, j.outcome, j.settled_outcome
FROM attempts a JOIN jobs j USING (task_id)
"""
_COPIES = """
SELECT task_id::text, attempt, index, object_key, size_bytes, sha256 FROM copies WHERE object_key IS NOT NULL
"""
_WEBHOOKS = """
SELECT task_id::text, attempt, min(received_at) AS first, count(*) AS many FROM webhooks
WHERE task_id IS NOT NULL GROUP BY 1, 2
"""
_OUTBOX = "SELECT topic, event_id FROM outbox"
_BEYOND = """
SELECT count(*) FROM outbox o, outbox_cursor c
WHERE c.name = 'relay' AND (o.epoch, o.txid, o.id) > (c.epoch, c.txid, c.id)
"""
_OFFSETS = "SELECT group_id, topic_id, partition, next_offset FROM consumer_offsets"
_LETTERS = "SELECT topic, subject, reason, replayed_at IS NOT NULL AS replayed FROM dead_letters"


@dataclass
class Topics:
    """What is on the bus."""

    ids: dict[str, str]
    ends: dict[tuple[str, int], int]
    events: dict[str, Counter[str]]
    """Topic → event id → how often it was published."""


@dataclass
class Evidence:
    """All of it. Rows are as the services' databases have them."""

    tasks: Sequence[Row]
    keys: Sequence[Row]
    shown: Sequence[Row]
    ends: Mapping[str, int]
    attempts: Sequence[Row]
    copies: Sequence[Row]
    webhooks: Mapping[tuple[str, int], Row]
    outbox: Mapping[str, Sequence[Row]]
    beyond: dict[str, int]
    offsets: dict[str, dict[tuple[str, int], int]]
    letters: Mapping[str, Sequence[Row]]
    topics: Topics
    objects: dict[str, tuple[int, str]]
    """Object key → size in bytes and sha256 of what is really there."""
    provider: list[dict[str, Any]]
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Task id as clients see it → its document."""
    movements: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Account → its history as the API shows it."""
    credits: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Account → its credits as the API shows them."""


async def gather(stage: Stage) -> Evidence:
    """Read everything but what the API shows."""
    topics = await read_topics(str(stage.facts["kafka_bootstrap"]))
    webhooks = await stage.rows("callbacks", _WEBHOOKS)
    return Evidence(
        tasks=await stage.rows("gateway", _GATEWAY),
        keys=await stage.rows("gateway", _KEYS),
        shown=await stage.rows("gateway", _BALANCES),
        ends={r["task_id"]: r["ends"] for r in await stage.rows("gateway", _LAST_EVENTS)},
        attempts=await stage.rows("dispatcher", _ATTEMPTS),
        copies=await stage.rows("storage", _COPIES),
        webhooks={(r["task_id"], r["attempt"]): r for r in webhooks},
        outbox={name: await stage.rows(name, _OUTBOX) for name in SERVICES},
        beyond={name: await stage.value(name, _BEYOND) for name in SERVICES},
        offsets={name: await _offsets(stage, name) for name in SERVICES},
        letters={name: await stage.rows(name, _LETTERS) for name in SERVICES},
        topics=topics,
        objects=await read_objects(stage),
        provider=(await stage.simulate("GET", "log"))["jobs"],
    )


async def _offsets(stage: Stage, service: str) -> dict[tuple[str, int], int]:
    return {(r["topic_id"], r["partition"]): r["next_offset"] for r in await stage.rows(service, _OFFSETS)}


async def ends(bootstrap: str) -> dict[tuple[str, int], int]:
    """Where every partition ends."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        found = await consumer.end_offsets([TopicPartition(t, p) for t in TOPICS for p in range(PARTITIONS)])
    finally:
        await consumer.stop()
    return {(tp.topic, tp.partition): end for tp, end in found.items()}


async def read_topics(bootstrap: str) -> Topics:
    """Every record's id, from the beginning of every topic to its end."""
    events: dict[str, Counter[str]] = {name: Counter() for name in TOPICS}
    until = await ends(bootstrap)
    left = {key for key, end in until.items() if end}
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    try:
        consumer.assign([TopicPartition(*key) for key in sorted(left)])
        while left:
            got = await asyncio.wait_for(consumer.getmany(timeout_ms=1000, max_records=5000), 30)
            for tp, records in got.items():
                events[tp.topic].update(_id_of(record) for record in records)
            for tp in consumer.assignment():
                if await consumer.position(tp) >= until[tp.topic, tp.partition]:
                    left.discard((tp.topic, tp.partition))
    finally:
        await consumer.stop()
    return Topics(dict(await topic_ids(bootstrap, TOPICS)), until, events)


def _id_of(record: Any) -> str:
    return next((value.decode() for name, value in record.headers if name == "ce_id"), "")


async def read_objects(stage: Stage) -> dict[str, tuple[int, str]]:
    """Every object of the bucket, read whole."""
    facts = stage.facts
    config = AioConfig(signature_version="s3v4", s3={"addressing_style": "path"}, max_pool_connections=16)
    session = aioboto3.Session(facts["s3_access_key"], facts["s3_secret_key"], region_name="us-east-1")
    found: dict[str, tuple[int, str]] = {}
    async with session.client("s3", endpoint_url=facts["s3_endpoint"], config=config) as client:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=facts["s3_bucket"])
        keys = [each["Key"] async for page in pages for each in page.get("Contents", ())]
        hands = asyncio.Semaphore(12)

        async def one(key: str) -> None:
            async with hands:
                answer = await client.get_object(Bucket=facts["s3_bucket"], Key=key)
                content = await answer["Body"].read()
            found[key] = (len(content), hashlib.sha256(content).hexdigest())

        await asyncio.gather(*map(one, keys))
    return found


def by_task(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows by their task's id."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[str(row["task_id"])].append(row)
    return found

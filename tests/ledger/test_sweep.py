"""Expiry: what is swept, what is not, and when nothing is swept at all."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from contracts.ids import uuid7
from ledger.db import expiry
from ledger.inbound.sweeper import Sweeper
from ledger.usecases.apply_facts import ApplyFacts
from ledger.usecases.sweep_expired import sweep_expired
from runtime.outbox.recorder import Outbox


@pytest.fixture
def short(module_ledger: Any) -> Any:
    """A ledger whose holds expired two seconds before they were made, so that no test has to wait."""
    margin = -timedelta(hours=1, seconds=2)
    module_ledger.apply = ApplyFacts(Outbox("ledger"), hold_margin=margin)
    return module_ledger


async def sweep(ledger: Any) -> int:
    return await sweep_expired(ledger.db, ledger.apply)


async def open_dead_letter(ledger: Any, subject: UUID | None, key: UUID | None = None) -> None:
    await ledger.db.pool.execute(
        'INSERT INTO dead_letters (topic, topic_id, partition, "offset", subject, key, headers, reason,'
        " error) VALUES ('asset.stored', gen_random_uuid(), 0, 0, $1, $2, '{}', 'x', 'x')",
        None if subject is None else str(subject),
        None if key is None else str(key).encode(),
    )


async def test_an_expired_hold_is_given_back_once(short: Any, say: Any, a: UUID, t: UUID) -> None:
    await short.tell(say.grant(a, 100), say.request(a, t, 30))
    assert await sweep(short) == 1
    assert await sweep(short) == 0
    assert await short.transfers(a) == [("grant", 100), ("freeze", 30), ("expire", 30)]
    (settled,) = await short.said(a, "task.settled")
    assert (settled["value"]["outcome"], settled["value"]["reason"]) == ("released", "hold_expired")
    assert settled["traceparent"] == "00-trace"
    await short.tell(say.succeeded(a, t), say.stored(a, t))
    assert (await short.balance(a))[:2] == (100, 0)
    assert await short.check() == {}


async def test_a_hold_in_time_stays(module_ledger: Any, say: Any, a: UUID, t: UUID) -> None:
    module_ledger.apply = ApplyFacts(Outbox("ledger"), hold_margin=timedelta(hours=24))
    await module_ledger.tell(say.grant(a, 100), say.request(a, t, 30))
    assert await sweep(module_ledger) == 0
    assert (await module_ledger.balance(a))[:2] == (70, 30)


async def test_a_hold_settled_between_the_look_and_the_lock_stays_settled(
    short: Any, say: Any, a: UUID, t: UUID
) -> None:
    await short.tell(say.grant(a, 100), say.request(a, t, 30))
    async with short.db.transaction() as tx:
        (found,) = [fact for fact in await expiry.candidates(tx, 10) if fact.task_id == t]
    await short.tell(say.succeeded(a, t), say.stored(a, t))
    await short.tell(found)
    assert (await short.task(t))["outcome"] == "settled"


async def test_a_hold_with_an_open_dead_letter_does_not_expire(
    short: Any, say: Any, a: UUID, t: UUID
) -> None:
    await short.tell(say.grant(a, 100), say.request(a, t, 30))
    await open_dead_letter(short, t)
    assert await sweep(short) == 0
    await short.db.pool.execute("UPDATE dead_letters SET replayed_at = now()")
    assert await sweep(short) == 1


async def test_a_dead_letter_that_names_no_task_speaks_for_its_account(
    short: Any, say: Any, a: UUID, t: UUID
) -> None:
    await short.tell(say.grant(a, 100), say.request(a, t, 30))
    await open_dead_letter(short, None, a)
    assert await sweep(short) == 0
    await short.db.pool.execute("UPDATE dead_letters SET replayed_at = now()")
    assert await sweep(short) == 1


async def test_the_watermark_never_passes_an_open_hold(short: Any, say: Any, a: UUID, t: UUID) -> None:
    await short.db.pool.execute("UPDATE sweep_watermark SET swept_until = '-infinity'")
    soon = datetime.now(UTC) + timedelta(minutes=1)
    await short.tell(say.grant(a, 100), say.request(a, t, 30, deadline=soon))
    await open_dead_letter(short, t)
    await sweep(short)
    until = await short.db.pool.fetchval("SELECT swept_until FROM sweep_watermark")
    assert until == (await short.task(t))["expires_at"]
    await short.db.pool.execute("UPDATE dead_letters SET replayed_at = now()")
    assert await sweep(short) == 1
    assert await short.db.pool.fetchval("SELECT swept_until > now() - interval '11 min' FROM sweep_watermark")


async def test_closing_a_task_touches_no_index(short: Any, say: Any, a: UUID) -> None:
    counts = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_xact_user_tables WHERE relname = 'tasks'"
    tasks = [uuid7() for _ in range(5)]
    await short.tell(say.grant(a, 100), *(say.request(a, task, 1) for task in tasks))
    async with short.db.transaction() as tx:
        before = await tx.fetchrow(counts)
        await short.apply(tx, [say.failed(a, task) for task in tasks])
        after = await tx.fetchrow(counts)
    assert [now - then for now, then in zip(after, before, strict=True)] == [5, 5]


class Kafka:
    """Where the topics end, as far as a sweeper is told."""

    def __init__(self) -> None:
        self.ends = {("asset.stored", "id", 0): 0}
        self.down = False

    async def __call__(self) -> dict[tuple[str, str, int], int]:
        if self.down:
            raise ConnectionError("no broker")
        return dict(self.ends)


@pytest.fixture
async def make_sweeper(module_ledger: Any) -> Callable[..., Any]:
    await module_ledger.db.pool.execute("DELETE FROM consumer_offsets")

    def make(kafka: Kafka, *, calm: float = 0.0, consumer: Callable[[], str | None] = lambda: None) -> Any:
        sweeps: list[int] = []

        async def sweep_once() -> int:
            sweeps.append(1)
            return 0

        sweeper = Sweeper(
            module_ledger.db,
            sweep_once,
            kafka,
            every_seconds=60,
            calm_seconds=calm,
            group="ledger",
            consumer=consumer,
        )
        return sweeper, sweeps

    return make


async def handled(ledger: Any, offset: int) -> None:
    await ledger.db.pool.execute(
        "INSERT INTO consumer_offsets (group_id, topic_id, topic, partition, next_offset)"
        " VALUES ('ledger', 'id', 'asset.stored', 0, $1)"
        " ON CONFLICT (group_id, topic_id, partition) DO UPDATE SET next_offset = $1",
        offset,
    )


async def test_nothing_is_swept_until_what_was_in_kafka_is_handled(
    module_ledger: Any, make_sweeper: Any
) -> None:
    kafka = Kafka()
    kafka.ends["asset.stored", "id", 0] = 7
    sweeper, sweeps = make_sweeper(kafka)
    await sweeper.look()
    await handled(module_ledger, 6)
    await sweeper.look()
    assert "handled up to 6 of 7" in sweeper.paused
    await handled(module_ledger, 7)
    kafka.ends["asset.stored", "id", 0] = 9  # news since the last look: younger than any hold that expires
    await sweeper.look()
    assert (sweeper.paused, len(sweeps)) == (None, 1)
    await sweeper.look()
    assert len(sweeps) == 1


async def test_a_partition_that_nobody_ever_read_counts_as_behind(make_sweeper: Any) -> None:
    kafka = Kafka()
    kafka.ends["asset.stored", "other id", 3] = 1
    sweeper, sweeps = make_sweeper(kafka)
    await sweeper.look()
    await sweeper.look()
    assert "asset.stored/3 is handled up to 0 of 1" in sweeper.paused
    assert not sweeps


async def test_trouble_begins_the_calm_time_anew(make_sweeper: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kafka, clock = Kafka(), [1000.0]
    trouble: list[str | None] = [None]
    monkeypatch.setattr("ledger.inbound.sweeper.time.monotonic", lambda: clock[0])
    sweeper, sweeps = make_sweeper(kafka, calm=600, consumer=lambda: trouble[0])

    async def after(seconds: float) -> int:
        clock[0] += seconds
        await sweeper.look()
        return len(sweeps)

    assert await after(0) == 0  # the first look
    assert await after(60) == 0  # caught up, the calm time begins
    assert await after(599) == 0
    assert await after(1) == 1
    kafka.down = True
    assert await after(60) == 1
    kafka.down = False
    assert await after(60) == 1
    assert await after(600) == 2
    trouble[0] = "consumer: waiting for partitions"
    assert await after(60) == 2
    trouble[0] = None
    assert await after(60) == 2
    assert await after(599) == 2
    assert await after(1) == 3

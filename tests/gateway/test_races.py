"""Submits, facts, cancels, deletions and changed keys at the same moment: no circle of locks, no drift."""

import asyncio
import random
import runpy
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from contracts.ids import task_from_text, uuid7
from gateway.db import keys
from gateway.domain.facts import Asset, Balance, Changed, Closed, Delivered, Fact, Frozen, Progressed, Stored
from gateway.usecases.change_notices import change_notices
from gateway.usecases.delete_tasks import DeleteTasks
from gateway_tools import SEEDANCE_MICRO, Customer, World, now, seedance, until
from runtime.outbox.recorder import Outbox
from test_keys import KEYS, code, made

Q = SEEDANCE_MICRO
_WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


async def waiting(world: World, count: int = 1) -> Any:
    """Until so many of the database's sessions wait for a lock."""

    async def enough() -> bool:
        return bool(await world.db.pool.fetchval(_WAITING) >= count)

    return await until(enough)


@asynccontextmanager
async def somebody(world: World) -> AsyncIterator[asyncpg.Connection]:
    """Another session in a transaction, which is rolled back."""
    conn = await asyncpg.connect(world.db.dsn)
    transaction = conn.transaction()
    await transaction.start()
    try:
        yield conn
    finally:
        await transaction.rollback()
        await conn.close()


async def new_task(customer: Customer) -> UUID:
    answer = await customer.submit(seedance())
    assert answer.status_code == 202, answer.text
    task = task_from_text(answer.json()["task_id"])
    assert task is not None
    return task


def end(customer: Customer, task: UUID, version: int, charged: int = 0) -> Closed:
    balance = Balance(customer.id, "credit", 1_000_000_000, 0, version)
    outcome, reason = ("settled", "completed") if charged else ("released", "provider_failed")
    return Closed(task, customer.id, "credit", now(), outcome, reason, charged, balance)


def delivered(customer: Customer, task: UUID) -> Delivered:
    return Delivered(uuid7(), 1, task, customer.id, now(), None, "delivered", None, 1, 200)


async def test_a_submit_that_a_deadlock_threw_back_is_written_after_all(world: World) -> None:
    customer = await world.customer("100")
    key = await made(customer, spend_cap=50)
    api = world.client(key["key"])
    async with somebody(world) as other:
        await other.execute("SELECT FROM api_keys WHERE prefix = $1 FOR UPDATE", key["prefix"])
        submit = asyncio.create_task(api.post("/api/v1/tasks", json=seedance()))
        await waiting(world)
        await other.execute("SELECT FROM balances WHERE account_id = $1 FOR UPDATE", customer.id)
    assert (await submit).status_code == 202
    assert await world.db.pool.fetchval("SELECT count(*) FROM tasks") == 1


async def test_what_only_a_deadlock_stopped_may_be_sent_again(world: World) -> None:
    customer = await world.customer("100")
    task = await new_task(customer)
    async with somebody(world) as other:
        await other.execute("SELECT FROM tasks WHERE id = $1 FOR UPDATE", task)

        async def fail(*_: Any) -> None:
            raise asyncpg.DeadlockDetectedError("deadlock detected")

        read, keys.lock = keys.lock, fail  # type: ignore[assignment]
        try:
            key_id = (await customer.api.get(KEYS)).json()["data"][0]["id"]
            answer = await customer.api.patch(f"{KEYS}/{key_id}", json={"name": "x"})
        finally:
            keys.lock = read
    assert answer.status_code == 503, answer.text
    assert "retry-after" in answer.headers


async def test_noting_that_keys_were_used_waits_for_nobody(world: World) -> None:
    customer = await world.customer("100")
    first, second = customer.key_id, UUID(int=0)
    second = await world.db.pool.fetchval(
        "SELECT id FROM api_keys WHERE prefix = $1", (await made(customer))["prefix"]
    )
    await world.db.pool.execute("UPDATE api_keys SET last_used_at = NULL")
    async with somebody(world) as other:
        await other.execute("SELECT FROM api_keys WHERE id = $1 FOR UPDATE", first)
        await asyncio.wait_for(keys.touch(world.db.pool, [first, second]), 30)
    used = await world.db.pool.fetch("SELECT id FROM api_keys WHERE last_used_at IS NOT NULL")
    assert [row["id"] for row in used] == [second]


async def test_news_of_test_credits_waits_for_no_lock_on_the_real_ones(world: World) -> None:
    customer = await world.customer("10")
    await world.db.pool.execute("UPDATE accounts SET credits_low_micro = 50000000 WHERE id = $1", customer.id)
    async with somebody(world) as other:
        await other.execute(
            "SELECT FROM balances WHERE account_id = $1 AND asset = 'credit' FOR UPDATE", customer.id
        )
        news = Changed(uuid7(), now(), Balance(customer.id, "test", 1, 0, 1))
        await asyncio.wait_for(world.say([news]), 30)


async def test_a_changed_threshold_is_locked_in_the_order_of_a_submit(world: World) -> None:
    customer = await world.customer("10")
    await change_notices(world.db, customer.id, 50_000_000)
    await world.say([Changed(uuid7(), now(), Balance(customer.id, "credit", 1, 0, 2))])
    async with somebody(world) as other:
        await other.execute("SELECT FROM balances WHERE account_id = $1 FOR UPDATE", customer.id)
        change = asyncio.create_task(change_notices(world.db, customer.id, 60_000_000))
        await waiting(world)
        await other.execute("SET LOCAL lock_timeout = '500ms'")
        await other.execute("SELECT FROM accounts WHERE id = $1 FOR NO KEY UPDATE", customer.id)
    await change


async def test_the_fate_of_a_webhook_is_noted_in_the_order_in_which_tasks_are_deleted(world: World) -> None:
    customer = await world.customer("100")
    first, second = sorted([await new_task(customer), await new_task(customer)])
    await world.say([end(customer, first, 2), end(customer, second, 3)])
    async with somebody(world) as other:
        await other.execute("SELECT FROM tasks WHERE id = $1 FOR UPDATE", first)
        facts = [Progressed(second, now(), 1, "ark", "processing", 5), delivered(customer, first)]
        said = asyncio.create_task(world.say(facts))
        await waiting(world)
        await other.execute("SET LOCAL lock_timeout = '500ms'")
        await other.execute("SELECT FROM tasks WHERE id = $1 FOR UPDATE", second)
    await said


async def test_a_first_cap_counts_the_submit_that_is_being_written(world: World) -> None:
    customer = await world.customer("100")
    key = await made(customer)
    api = world.client(key["key"])
    async with somebody(world) as other:
        await other.execute("LOCK TABLE outbox IN SHARE MODE")
        submit = asyncio.create_task(api.post("/api/v1/tasks", json=seedance()))
        await waiting(world)
        change = asyncio.create_task(customer.api.patch(f"{KEYS}/{key['id']}", json={"spend_cap": 50}))

        async def on_its_way() -> bool:
            return change.done() or bool(await world.db.pool.fetchval(_WAITING) >= 2)

        await until(on_its_way)
    assert (await submit).status_code == 202
    assert (await change).status_code == 200
    committed = "SELECT committed_micro FROM api_keys WHERE prefix = $1"
    assert await world.db.pool.fetchval(committed, key["prefix"]) == Q


async def test_a_name_that_a_form_uses_for_a_text_and_a_list_is_400(world: World) -> None:
    customer = await world.customer("100")
    bodies: list[dict[str, Any]] = [
        {"prompt": "a", "prompt[]": "b"},
        {"tags[]": "a", "tags[x]": "b"},
        {"tags[x]": "a", "tags[]": "b"},
    ]
    for fields in bodies:
        answer = await customer.api.post("/v1/videos", files={k: (None, v) for k, v in fields.items()})
        assert (answer.status_code, code(answer)[1]) == (400, "invalid_form"), answer.text


async def test_tasks_from_before_they_were_counted_end_without_harm(world: World) -> None:
    customer = await world.customer("100")
    tasks = [await new_task(customer) for _ in range(2)]
    await world.say([end(customer, tasks[0], 2)])
    await world.db.pool.execute("UPDATE balances SET live_tasks = 0")
    versions = Path(__file__).parents[2] / "services" / "gateway" / "migrations" / "versions"
    upgrade = runpy.run_path(str(versions / "0007_live_tasks.py"))
    await world.db.pool.execute(upgrade["SQL"])
    live = "SELECT live_tasks FROM balances WHERE account_id = $1 AND asset = 'credit'"
    assert await world.db.pool.fetchval(live, customer.id) == 1
    await world.say([end(customer, tasks[1], 3)])
    assert await world.db.pool.fetchval(live, customer.id) == 0


_DRIFT = """
SELECT b.account_id FROM balances b LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE finished_at IS NULL) AS live,
           coalesce(sum(quote_micro) FILTER (WHERE frozen_at IS NULL AND closed_at IS NULL), 0) AS pending
    FROM tasks t WHERE t.account_id = b.account_id AND t.asset = b.asset
) AS t ON true WHERE b.live_tasks <> t.live OR b.pending_micro <> t.pending
"""
_KEY_DRIFT = """
SELECT k.id FROM api_keys k WHERE k.spend_cap_micro IS NOT NULL AND k.committed_micro <> coalesce(
    (SELECT sum(coalesce(t.charged_micro, t.quote_micro)) FROM tasks t WHERE t.key_id = k.id), 0)
"""


class Others:
    """The ledger, the dispatcher and storage, of some accounts: late, twice and in disorder."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.random, self.version = world, random.Random(seed), 1
        self.facts: list[Fact] = []
        self.ended: list[UUID] = []

    def story(self, customer: Customer, task: UUID) -> None:
        """What becomes of a task."""
        self.version += 2
        video = Asset(0, "video", None, "b", "k", f"t{task.hex}", "0.mp4", "video/mp4", 9, "00", 2, 2, 100)
        held = Balance(customer.id, "credit", 1_000_000_000, 1, self.version)
        charged = self.random.choice((0, Q // 2, Q))
        self.facts += [
            Frozen(task, now(), held),
            Progressed(task, now(), 1, "ark", "processing", 30),
            Stored(task, customer.id, now(), "stored", (video,), None, None),
            end(customer, task, self.version + 1, charged),
            delivered(customer, task),
        ]

    async def say(self) -> None:
        """A batch of what there is to say; half of it will be said again."""
        self.random.shuffle(self.facts)
        batch, self.facts = self.facts[:20], self.facts[20:]
        await self.world.say(batch)
        self.facts += [fact for fact in batch if self.random.random() < 0.3]


async def test_all_at_once_on_few_accounts_leaves_no_drift_and_no_fault(world: World) -> None:
    customers = [await world.customer("1000") for _ in range(4)]
    capped = [await made(customer, spend_cap=500) for customer in customers]
    apps = [world.app, world.another_gateway(world.db)]
    others = [Others(world, seed) for seed in (1, 2)]
    delete = DeleteTasks(world.db, Outbox("gateway"))
    statuses: list[int] = []
    chance = random.Random(7)

    async def client(n: int, app: Any) -> None:
        customer, other = customers[n], others[n % 2]
        apis = [world.client(key, app) for key in (customer.key, capped[n]["key"])]
        key_id = (await customer.api.get(KEYS)).json()["data"][0]["id"]
        for round_ in range(12):
            headers = {"Idempotency-Key": f"{n}-{round_}"}
            api = apis[round_ % 2]
            answer = await api.post("/api/v1/tasks", json=seedance(), headers=headers)
            statuses.append(answer.status_code)
            if answer.status_code != 202:
                continue
            text = answer.json()["task_id"]
            task = task_from_text(text)
            assert task is not None
            if not answer.headers.get("idempotent-replayed"):
                other.story(customer, task)
            wishes: list[Callable[[], Awaitable[Any]]] = [
                lambda text=text, api=api: api.post(f"/api/v1/tasks/{text}/cancel"),
                lambda text=text, api=api: api.delete(f"/api/v1/tasks/{text}"),
                lambda: customer.api.patch(
                    f"{KEYS}/{key_id}", json={"spend_cap": chance.choice((None, 400, 500))}
                ),
            ]
            for wish in chance.sample(wishes, 2):
                statuses.append((await wish()).status_code)

    async def deletions() -> None:
        for _ in range(15):
            found = await world.db.pool.fetch("SELECT id FROM tasks ORDER BY random() LIMIT 20")
            await delete([row["id"] for row in found])
            await asyncio.sleep(0.02)

    async def consumer(other: Others) -> None:
        while not clients.done() or other.facts:
            await other.say()
            await asyncio.sleep(0.01)

    clients = asyncio.gather(*(client(n, app) for n in range(4) for app in apps))
    await asyncio.gather(clients, deletions(), *(consumer(other) for other in others))
    assert not [status for status in statuses if status >= 500]
    assert statuses.count(202) > 40
    assert await world.db.pool.fetch(_DRIFT) == []
    assert await world.db.pool.fetch(_KEY_DRIFT) == []
    assert await world.db.pool.fetchval("SELECT count(*) FROM tasks WHERE finished_at IS NULL") == 0

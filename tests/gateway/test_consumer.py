"""What the other services say, on a real database: tasks, balances, links, repeats."""

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

from contracts import events as contract
from contracts.envelope import Envelope
from contracts.events import TaskRequested
from contracts.ids import task_from_text, task_text, uuid7
from contracts.topics import read_by
from gateway.domain.facts import Asset, Balance, Changed, Closed, Completed, Fact, Frozen, Progressed, Stored
from gateway.inbound.events import TRANSLATORS
from gateway.usecases.grant_credits import Grant, grant_credits
from gateway.usecases.request_again import RequestAgain
from gateway_tools import SEEDANCE_MICRO, Customer, World, now, seedance
from runtime.outbox.recorder import Outbox

Q = SEEDANCE_MICRO


async def submitted(customer: Customer, count: int = 1) -> list[UUID]:
    tasks = []
    for _ in range(count):
        answer = await customer.submit(seedance())
        assert answer.status_code == 202, answer.text
        task = task_from_text(answer.json()["task_id"])
        assert task is not None
        tasks.append(task)
    return tasks


async def balance_of(world: World, customer: Customer) -> tuple[int, int, int, int]:
    row = await world.db.pool.fetchrow(
        "SELECT available_micro, held_micro, version, pending_micro FROM balances "
        "WHERE account_id = $1 AND asset = 'credit'",
        customer.id,
    )
    assert row is not None
    return tuple(row)


def asset(index: int = 0, kind: str = "video") -> Asset:
    name = f"{index}.mp4"
    return Asset(
        index, kind, None, "b", f"k/{index}", f"token{uuid7().hex}", name, "video/mp4", 9, "00", 2, 2, 100
    )


class Ledger:
    """Answers as the ledger would, version by version."""

    def __init__(self, customer: Customer, available: int) -> None:
        self.account, self.available, self.held, self.version = customer.id, available, 0, 1

    def balance(self) -> Balance:
        return Balance(self.account, "credit", self.available, self.held, self.version)

    def freeze(self, task: UUID) -> Frozen:
        self.available, self.held, self.version = self.available - Q, self.held + Q, self.version + 1
        return Frozen(task, now(), self.balance())

    def settle(self, task: UUID, charged: int) -> Closed:
        self.held, self.available = self.held - Q, self.available + Q - charged
        self.version += 2
        return Closed(task, self.account, "credit", now(), "settled", "completed", charged, self.balance())

    def release(self, task: UUID, reason: str) -> Closed:
        self.held, self.available, self.version = self.held - Q, self.available + Q, self.version + 1
        return Closed(task, self.account, "credit", now(), "released", reason, 0, self.balance())


def story(ledger: Ledger, task: UUID) -> list[Fact]:
    return [
        ledger.freeze(task),
        Progressed(task, now(), 1, "ark", "submitted", None),
        Progressed(task, now(), 1, "ark", "processing", 40),
        Completed(task, now(), "succeeded", None, None),
        Stored(task, ledger.account, now(), "stored", (asset(),), None, None),
        ledger.settle(task, Q - 1000),
    ]


async def test_a_task_goes_its_way_and_its_document_and_history_show_it(world: World) -> None:
    customer = await world.customer("100")
    [task] = await submitted(customer)
    assert (await balance_of(world, customer)) == (100_000_000, 0, 1, Q)
    ledger = Ledger(customer, 100_000_000)
    facts = story(ledger, task)
    for fact in facts:
        await world.say([fact])
        await world.say([fact])  # at least once

    document = await customer.task(task_text(task))
    assert document["status"] == "succeeded"
    assert document["cost_actual"] == 0.06569
    assert document["output"]["videos"][0]["url"].startswith("http://files.test/files/token")
    history = (await customer.api.get(f"/api/v1/tasks/{task_text(task)}/events")).json()
    assert [event["type"] for event in history["data"]] == [
        *("requested", "frozen", "submitted", "processing", "completed", "stored", "settled", "succeeded")
    ]
    assert [event["seq"] for event in history["data"]] == list(range(1, 9))
    assert history["data"][-1]["data"] == {"cost_actual": 0.06569}
    assert (await balance_of(world, customer)) == (100_000_000 - Q + 1000, 0, 4, 0)


async def test_facts_in_any_order_and_batching_never_lose_or_double_a_quote(world: World) -> None:
    customer = await world.customer("1000")
    dice = random.Random(4)
    ledger = Ledger(customer, 1_000_000_000)
    tasks = await submitted(customer, 12)
    facts = [fact for task in tasks[:8] for fact in story(ledger, task)]
    for task in tasks[8:]:
        facts += [ledger.freeze(task), ledger.release(task, "provider_failed")]
    facts += dice.sample(facts, 20)
    dice.shuffle(facts)
    while facts:
        taken = dice.randint(1, 9)
        await world.say(facts[:taken])
        facts = facts[taken:]
        available, held, _, pending = await balance_of(world, customer)
        assert available - pending <= 1_000_000_000  # never more than there ever was
        assert 0 <= pending <= 12 * Q
        assert held <= 12 * Q
    assert (await balance_of(world, customer)) == (ledger.available, 0, ledger.version, 0)
    finished = await world.db.pool.fetch("SELECT status, count(*) AS n FROM tasks GROUP BY 1")
    assert {row["status"]: row["n"] for row in finished} == {"succeeded": 8, "failed": 4}


async def test_an_answer_that_arrives_before_older_ones_does_not_free_credits(world: World) -> None:
    """The balance of the second hold counts the first one too: its quote is still pending on top."""
    customer = await world.customer("20")
    ledger = Ledger(customer, 20_000_000)
    first, second = await submitted(customer, 2)
    one, two = ledger.freeze(first), ledger.freeze(second)
    await world.say([two])
    assert (await balance_of(world, customer)) == (20_000_000 - 2 * Q, 2 * Q, 3, Q)
    assert (await customer.submit(seedance())).status_code == 402
    await world.say([one])
    assert (await balance_of(world, customer)) == (20_000_000 - 2 * Q, 2 * Q, 3, 0)
    assert (await customer.submit(seedance())).status_code == 202


async def test_a_balance_that_counts_a_hold_whose_answer_is_still_to_come_shows_no_credits_twice(
    world: World,
) -> None:
    customer = await world.customer("20")
    ledger = Ledger(customer, 20_000_000)
    first, second, third = await submitted(customer, 3)
    ledger.freeze(first)
    frozen = ledger.freeze(second)
    await world.say([ledger.freeze(third)])
    shown = await customer.credits()
    assert (shown["available"], shown["held"]) == (0, 20)
    await world.say([frozen])
    shown = await customer.credits()
    assert shown["available"] + shown["held"] == 20


async def test_a_refusal_ends_the_task_and_gives_the_quote_back(world: World) -> None:
    customer = await world.customer("10")
    [task] = await submitted(customer)
    assert (await customer.submit(seedance())).status_code == 402
    refused = Closed(task, customer.id, "credit", now(), "refused", "insufficient_credits", 0, None)
    await world.say([refused])
    assert (await balance_of(world, customer)) == (10_000_000, 0, 1, 0)
    assert await world.db.pool.fetchval("SELECT status FROM tasks") == "failed"
    assert (await customer.submit(seedance())).status_code == 202


async def test_a_negative_grant_counts_as_spent_until_it_is_answered(world: World) -> None:
    customer = await world.customer("10")
    taken = Grant(uuid7(), customer.id, "credit", -5_000_000, "adjustment", "taken back")
    assert await grant_credits(world.db, Outbox("gateway"), taken)
    assert not await grant_credits(world.db, Outbox("gateway"), taken)
    assert (await balance_of(world, customer)) == (10_000_000, 0, 1, 5_000_000)
    assert (await customer.submit(seedance())).status_code == 402
    booked = Changed(taken.id, now(), Balance(customer.id, "credit", 5_000_000, 0, 2))
    await world.say([booked, booked])
    await world.say([booked])
    assert (await balance_of(world, customer)) == (5_000_000, 0, 2, 0)


async def test_facts_about_strangers_are_passed_over(world: World) -> None:
    customer = await world.customer("10")
    stranger = uuid7()
    await world.say(
        [
            Frozen(uuid7(), now(), Balance(stranger, "credit", 1, 1, 5)),
            Changed(uuid7(), now(), Balance(stranger, "credit", 1, 1, 6)),
            Completed(uuid7(), now(), "failed", "x", None),
        ]
    )
    assert (await balance_of(world, customer)) == (10_000_000, 0, 1, 0)
    assert await world.db.pool.fetchval("SELECT count(*) FROM task_events") == 0


async def test_a_request_that_nobody_answers_is_repeated_and_no_more_than_five_times(world: World) -> None:
    customer = await world.customer("100")
    answered, waiting = await submitted(customer, 2)
    await world.say([Ledger(customer, 100_000_000).freeze(answered)])
    again = RequestAgain(world.db, Outbox("gateway"), after=timedelta(seconds=0), limit=5)
    for _ in range(8):
        await again()
    rows = await world.db.pool.fetch("SELECT * FROM outbox WHERE subject = $1 ORDER BY id", str(waiting))
    assert [row["event_id"] for row in rows] == [f"gateway:{waiting}:requested:{n}" for n in range(1, 7)]
    said: list[Any] = [TaskRequested.model_validate(row["value"]) for row in rows]
    assert [event.repeat for event in said] == list(range(1, 7))
    assert len({event.model_copy(update={"repeat": 1}).model_dump_json() for event in said}) == 1
    assert {row["traceparent"] for row in rows} == {rows[0]["traceparent"]}
    assert await world.db.pool.fetchval("SELECT count(*) FROM outbox WHERE subject = $1", str(answered)) == 1


async def test_a_request_is_not_repeated_before_its_time(world: World) -> None:
    customer = await world.customer("100")
    await submitted(customer)
    await RequestAgain(world.db, Outbox("gateway"), after=timedelta(minutes=2), limit=5)()
    assert await world.db.pool.fetchval("SELECT count(*) FROM outbox") == 1


def test_every_topic_that_the_gateway_reads_has_a_translator() -> None:
    assert set(TRANSLATORS) == {topic.name for topic in read_by("gateway")}


def test_events_become_facts() -> None:
    task, account, when = uuid7(), uuid7(), now()
    envelope = Envelope("id", "ledger", "t", str(task), when)
    balance = contract.Balance(available_micro=1, held_micro=2, version=3)
    frozen = contract.CreditsFrozen(
        task_id=task,
        account_id=account,
        asset="credit",
        held_micro=2,
        deadline=when,
        expires_at=when,
        frozen_at=when,
        balance=balance,
    )
    assert TRANSLATORS["credits.frozen"](frozen, envelope) == Frozen(
        task, when, Balance(account, "credit", 1, 2, 3)
    )
    stored = contract.StoredAsset(
        index=0,
        kind="video",
        bucket="b",
        object_key="k",
        link_token="t",
        file_name="f.mp4",
        content_type="video/mp4",
        size_bytes=1,
        sha256="s",
        width=1,
        height=2,
        duration_ms=3,
    )
    event = contract.AssetStored(
        task_id=task, account_id=account, attempt=1, outcome="stored", assets=[stored], stored_at=when
    )
    fact = TRANSLATORS["asset.stored"](event, envelope)
    assert fact.assets[0] == Asset(0, "video", None, "b", "k", "t", "f.mp4", "video/mp4", 1, "s", 1, 2, 3)

"""Submitting: what is accepted, what it costs, what is written down."""

import asyncio
import json
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from contracts.events import TaskRequested
from contracts.ids import task_from_text, uuid7
from gateway.db.keys import Terms, disable
from gateway.domain.facts import Balance, Changed
from gateway.domain.scopes import SCOPES
from gateway.usecases.create_key import KeyRequest, create_key
from gateway_tools import PEPPER, SEEDANCE, SEEDANCE_MICRO, World, now, seedance, until
from runtime.db import Database

WAN = {
    "model": "wan2-6-i2v-flash",
    "input": {
        "prompt": "Let the person in the image turn and smile while the camera slowly pushes in.",
        "resolution": "1080p",
        "duration": 5,
        "image_urls": ["https://example.com/portrait.jpg"],
        "audio": True,
    },
}
VEO = {
    "model": "veo3-1-quality",
    "input": {
        "prompt": "海边日落时一辆红色跑车驶过公路,镜头平稳推进,电影感",
        "aspect_ratio": "16:9",
        "resolution": "720p",
        "duration": 8,
    },
}


def id_of(answer: Any) -> UUID:
    found = task_from_text(answer.json()["task_id"])
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("body", "cost"),
    [(WAN, "0.0315"), (seedance(), "0.0657"), (VEO, "0.675")],
    ids=["wan", "seedance", "veo"],
)
async def test_the_documents_requests_are_answered_as_documented(
    shared_world: World, body: Any, cost: str
) -> None:
    customer = await shared_world.customer("10000")
    answer = await customer.submit(body, "task_1")
    assert answer.status_code == 202
    document = answer.json()
    assert document["status"] == "queued"
    assert document["request_id"].startswith("req_")
    assert document["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["location"] == f"/api/v1/tasks/{document['task_id']}"
    assert f'"cost_estimate":{cost},'.encode() in answer.content
    assert document["currency"] == "USD"
    shown = await customer.task(document["task_id"])
    assert shown["request_id"] == document["request_id"]
    assert (shown["status"], shown["cost_actual"], shown["output"], shown["error"]) == (
        "queued",
        None,
        None,
        None,
    )
    assert shown["model"] == body["model"]


async def test_an_accepted_request_is_one_event_that_every_reader_can_read(world: World) -> None:
    customer = await world.customer("100")
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = await customer.api.post(
        "/api/v1/tasks", json=seedance(), headers={"Idempotency-Key": '"quoted"', "traceparent": trace}
    )
    rows = await world.db.pool.fetch("SELECT * FROM outbox")
    assert len(rows) == 1
    row, task = rows[0], id_of(answer)
    assert (row["topic"], row["key"], row["subject"]) == ("task.requested", str(customer.id), str(task))
    assert (row["event_id"], row["traceparent"]) == (f"gateway:{task}:requested:1", trace)
    event = TaskRequested.model_validate(row["value"])
    assert event.task_id == task
    assert (event.account_id, event.asset, event.key_id) == (customer.id, "credit", customer.key_id)
    assert event.quote_micro == SEEDANCE_MICRO
    assert event.input["watermark"] is False  # defaults are applied
    assert event.input | SEEDANCE == event.input
    assert event.deadline - event.requested_at == timedelta(hours=1)
    assert (event.idempotency_key, event.repeat, event.surface) == ("quoted", 1, "v1")
    assert event.request_id == answer.json()["request_id"]


async def test_fifty_equal_submits_at_once_make_one_task(world: World) -> None:
    customer = await world.customer("100")
    answers = await asyncio.gather(*(customer.submit(seedance(), "the-same") for _ in range(50)))
    assert {a.status_code for a in answers} == {202}
    assert len({a.content for a in answers}) == 1
    assert sum(a.headers.get("idempotent-replayed") == "true" for a in answers) == 49
    assert await world.db.pool.fetchval("SELECT count(*) FROM tasks") == 1
    assert await world.db.pool.fetchval("SELECT count(*) FROM outbox") == 1
    assert (await customer.credits())["available"] == 93.43


async def test_fifty_equal_submits_through_two_gateways_make_one_task(world: World, second: Database) -> None:
    customer = await world.customer("100")
    other = world.client(customer.key, world.another_gateway(second))
    ways = [customer.api, other] * 25
    sent = (way.post("/api/v1/tasks", json=seedance(), headers={"Idempotency-Key": "k"}) for way in ways)
    answers = await asyncio.gather(*sent)
    assert {a.status_code for a in answers} == {202}
    assert len({a.content for a in answers}) == 1
    assert await world.db.pool.fetchval("SELECT count(*) FROM tasks") == 1


async def test_two_gateways_never_accept_more_than_the_credits_pay_for(
    world: World, second: Database
) -> None:
    customer = await world.customer("65.7")
    other = world.client(customer.key, world.another_gateway(second))
    answers = await asyncio.gather(
        *(
            way.post("/api/v1/tasks", json=seedance(), headers={"Idempotency-Key": f"distinct-{n}"})
            for n, way in enumerate([customer.api, other] * 25)
        )
    )
    assert Counter(a.status_code for a in answers) == {202: 10, 402: 40}
    assert (await customer.credits())["available"] == 0
    assert (await customer.credits())["held"] == 65.7


async def test_the_same_key_with_another_payload_is_a_conflict(world: World) -> None:
    customer = await world.customer("100")
    first = await customer.submit(seedance(), "k")
    same = await customer.api.post(
        "/api/v1/tasks",
        content=b'{ "input": %s, "model": "doubao-seedance-2-0-fast" }' % _reordered(),
        headers={"Idempotency-Key": "k"},
    )
    assert (same.status_code, same.content) == (202, first.content)
    for other in (seedance(duration=6), seedance(bogus=1), {"model": "unknown", "input": {}}, {"x": 1}):
        answer = await customer.submit(other, "k")
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "idempotency_key_reused")


def _reordered() -> bytes:

    return json.dumps(dict(reversed(SEEDANCE.items())), indent=3).encode()


async def test_a_replay_comes_before_every_other_check_but_the_key(world: World) -> None:
    customer = await world.customer("6.57")
    first = await customer.submit(seedance(), "k")
    await world.db.pool.execute("UPDATE accounts SET tier = 'free' WHERE id = $1", customer.id)
    fresh = world.client(customer.key, world.another_gateway(world.db))
    again = await fresh.post("/api/v1/tasks", json=seedance(), headers={"Idempotency-Key": "k"})
    assert (again.status_code, again.content) == (202, first.content)
    new = await fresh.post("/api/v1/tasks", json=seedance(), headers={"Idempotency-Key": "k2"})
    assert (new.status_code, new.json()["error"]["code"]) == (403, "tier_too_low")


async def test_a_key_is_of_one_account_and_one_kind_of_credits(world: World) -> None:
    mine, other = await world.customer("100"), await world.customer("100")
    tasks = {(await each.submit(seedance(), "k")).json()["task_id"] for each in (mine, other)}
    assert len(tasks) == 2

    _, test_key = await create_key(world.db, KeyRequest(mine.id, Terms("t", SCOPES), "test"), PEPPER.encode())
    crossed = await world.client(test_key).post(
        "/api/v1/tasks", json=seedance(), headers={"Idempotency-Key": "k"}
    )
    assert crossed.status_code == 409  # a test key never gets a paid task's answer


async def test_after_a_402_and_a_top_up_the_same_key_works(world: World) -> None:
    customer = await world.customer("0")
    refused = await customer.submit(seedance(), "later")
    error = refused.json()["error"]
    assert (refused.status_code, error["code"], error["param"]) == (402, "insufficient_credits", None)
    assert (error["required"], error["balance"]) == (6.57, 0)
    assert "6.57" in error["message"]
    assert await world.db.pool.fetchval("SELECT count(*) FROM tasks") == 0
    await _fund(world, customer.id, SEEDANCE_MICRO)
    assert (await customer.submit(seedance(), "later")).status_code == 202


async def _fund(world: World, account: UUID, micro: int, version: int = 1) -> None:

    await world.say([Changed(uuid7(), now(), Balance(account, "credit", micro, 0, version))])


async def test_without_a_key_every_submit_is_a_task(world: World) -> None:
    customer = await world.customer("100")
    answers = await asyncio.gather(*(customer.submit(seedance()) for _ in range(5)))
    assert len({a.json()["task_id"] for a in answers}) == 5


async def test_test_keys_spend_test_credits_only(world: World) -> None:
    customer = await world.customer("50", asset="test")
    answer = await customer.submit(seedance())
    assert answer.status_code == 202
    assert await world.db.pool.fetchval("SELECT asset FROM tasks") == "test"
    assert (await customer.credits())["available"] == 43.43
    real = await world.db.pool.fetchval("SELECT pending_micro FROM balances WHERE asset = 'credit'")
    assert real == 0
    assert (await customer.task(answer.json()["task_id"]))["test"] is True


async def test_a_disabled_key_is_known_within_half_a_second(world: World) -> None:

    customer = await world.customer("100")
    assert (await customer.api.get("/api/v1/credits")).status_code == 200
    async with world.db.transaction() as tx:
        assert await disable(tx, customer.key_id)

    async def refused() -> bool:
        return (await customer.api.get("/api/v1/credits")).status_code == 401

    await until(refused, 0.7)


async def test_the_use_of_a_key_is_noted(world: World) -> None:

    customer = await world.customer()
    await customer.credits()

    async def noted() -> bool:
        return bool(await world.db.pool.fetchval("SELECT last_used_at IS NOT NULL FROM api_keys"))

    await until(noted)


@pytest.fixture
async def second(world: World) -> Any:
    db = Database(world.db.dsn, name="second", pool_size=4)
    await db.start()
    yield db
    await db.stop()

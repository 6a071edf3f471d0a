"""Cancelling, deleting, waiting, estimating; what a request may bring along; first answers to the byte."""

import asyncio
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from contracts.events import TaskCancelRequested, TaskDeleted
from contracts.ids import task_from_text
from gateway.db.keys import Terms
from gateway.domain.facts import Asset, Balance, Closed, Completed, Fact, Frozen, Progressed, Stored
from gateway.domain.scopes import SCOPES
from gateway.usecases.create_key import KeyRequest, create_key
from gateway.usecases.delete_tasks import DeleteTasks
from gateway.usecases.forget_keys import ForgetKeys
from gateway_tools import PEPPER, SEEDANCE_MICRO, Customer, World, now, seedance, until
from runtime.outbox.recorder import Outbox

RANDOM = "task_01ARZ3NDEKTSV4RRFFQ69G5FAV"
ASSET = Asset(0, "video", None, "b", "k", "", "demo.mp4", "video/mp4", 20, "ab", 1280, 720, 5000)


async def new_task(customer: Customer, **fields: Any) -> tuple[str, UUID]:
    answer = await customer.submit(seedance() | fields)
    assert answer.status_code == 202, answer.text
    text = answer.json()["task_id"]
    task = task_from_text(text)
    assert task is not None
    return text, task


def balance(customer: Customer, version: int = 9) -> Balance:
    return Balance(customer.id, "credit", 100_000_000, 1, version)


def closed(customer: Customer, task: UUID, outcome: str, reason: str) -> Closed:
    charged = SEEDANCE_MICRO if outcome == "settled" else 0
    return Closed(task, customer.id, "credit", now(), outcome, reason, charged, balance(customer))


def success(customer: Customer, task: UUID) -> list[Fact]:
    asset = Asset(**{**{name: getattr(ASSET, name) for name in Asset.__slots__}, "token": f"tok-{task.hex}"})
    return [
        Frozen(task, now(), balance(customer, 2)),
        Progressed(task, now(), 1, "ark", "processing", 30),
        Completed(task, now(), "succeeded", None, "the prompt was: rain"),
        Stored(task, customer.id, now(), "stored", (asset,), None, None),
        closed(customer, task, "settled", "completed"),
    ]


async def said(world: World, topic: str, task: UUID) -> list[Any]:
    sql = "SELECT value FROM outbox WHERE topic = $1 AND subject = $2"
    return [row["value"] for row in await world.db.pool.fetch(sql, topic, str(task))]


async def test_a_cancel_is_written_down_said_once_and_shown(shared_world: World) -> None:
    customer = await shared_world.customer("100")
    text, task = await new_task(customer)
    assert (await customer.task(text))["cancel_requested"] is False
    answers = await asyncio.gather(*(customer.api.post(f"/api/v1/tasks/{text}/cancel") for _ in range(5)))
    assert {answer.status_code for answer in answers} == {202}
    document = answers[0].json()
    assert (document["task_id"], document["status"], document["cancel_requested"]) == (text, "queued", True)
    assert document["phases"]["cancel_requested_at"]
    [event] = await said(shared_world, "task.cancel_requested", task)
    assert TaskCancelRequested.model_validate(event).reason == "client"
    events = (await customer.api.get(f"/api/v1/tasks/{text}/events")).json()["data"]
    assert [each["type"] for each in events] == ["requested", "cancel_requested"]
    await shared_world.say([closed(customer, task, "refused", "cancelled")])
    again = await customer.api.post(f"/api/v1/tasks/{text}/cancel")
    assert (again.status_code, again.json()["status"]) == (200, "cancelled")
    assert again.json()["cost_actual"] == 0


async def test_a_task_that_ended_otherwise_can_not_be_cancelled_and_its_document_says_so(
    shared_world: World,
) -> None:
    customer = await shared_world.customer("100")
    text, task = await new_task(customer)
    await shared_world.say(success(customer, task))
    answer = await customer.api.post(f"/api/v1/tasks/{text}/cancel")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "task_final")
    assert answer.json()["task"] == await customer.task(text)
    assert await said(shared_world, "task.cancel_requested", task) == []


async def test_cancels_and_facts_at_the_same_time_leave_one_history(shared_world: World) -> None:
    customer = await shared_world.customer("1000")
    made = [await new_task(customer) for _ in range(10)]
    facts = [fact for _, task in made for fact in success(customer, task)[:3]]
    await asyncio.gather(
        *(customer.api.post(f"/api/v1/tasks/{text}/cancel") for text, _ in made),
        *(shared_world.say([fact]) for fact in facts),
    )
    for text, _ in made:
        events = (await customer.api.get(f"/api/v1/tasks/{text}/events")).json()["data"]
        assert [each["seq"] for each in events] == list(range(1, len(events) + 1))
        assert {"requested", "frozen", "completed", "cancel_requested"} <= {each["type"] for each in events}


async def test_only_a_final_task_is_deleted(shared_world: World) -> None:
    customer = await shared_world.customer("100")
    text, _ = await new_task(customer)
    answer = await customer.api.delete(f"/api/v1/tasks/{text}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "task_not_final")
    assert answer.json()["task"]["task_id"] == text


async def test_a_deleted_task_keeps_what_it_cost_and_nothing_it_was_made_of(shared_world: World) -> None:
    customer = await shared_world.customer("100")
    text, task = await new_task(customer, metadata={"a": "b"}, webhook_url="https://a.test/hook")
    await shared_world.say(success(customer, task))
    link = (await customer.task(text))["output"]["videos"][0]["url"].removeprefix("http://files.test")
    assert (await customer.api.head(link)).status_code == 200
    answer = await customer.api.delete(f"/api/v1/tasks/{text}")
    assert answer.status_code == 200
    document = answer.json()
    assert document["deleted_at"] is not None
    assert (document["output"], document["webhook_url"]) == (None, None)
    assert (document["status"], document["cost_actual"]) == ("succeeded", 0.0657)
    assert document["metadata"] == {"a": "b"}
    assert await customer.task(text) == document
    assert (await customer.api.delete(f"/api/v1/tasks/{text}")).json() == document
    assert (await customer.api.head(link)).status_code == 404
    assert (await customer.api.get("/api/v1/tasks")).json()["data"] == []
    row = await shared_world.db.pool.fetchrow("SELECT * FROM tasks WHERE id = $1", task)
    assert row is not None
    assert "rain" not in str(dict(row))
    [event] = await said(shared_world, "task.deleted", task)
    assert TaskDeleted.model_validate(event).reason == "client"


async def test_facts_that_come_after_the_deletion_bring_nothing_back(shared_world: World) -> None:
    customer = await shared_world.customer("100")
    text, task = await new_task(customer)
    await shared_world.say([closed(customer, task, "released", "deadline_exceeded")])
    await customer.api.delete(f"/api/v1/tasks/{text}")
    before = await customer.task(text)
    await shared_world.say(success(customer, task)[1:4])
    assert await customer.task(text) == before
    sql = "SELECT count(*) FROM links WHERE task_id = $1"
    assert await shared_world.db.pool.fetchval(sql, task) == 0


async def test_an_accounts_retention_deletes_what_ended_longer_ago(world: World) -> None:
    short, keeps = await world.customer("100"), await world.customer("100")
    tasks = {}
    for customer in (short, keeps):
        for age in (3, 1):
            text, task = await new_task(customer)
            await world.say(success(customer, task))
            tasks[customer.id, age] = text
            sql = "UPDATE tasks SET finished_at = now() - $2 * interval '1 day' WHERE id = $1"
            await world.db.pool.execute(sql, task, age)
    text, task = await new_task(short)  # not final: never deleted
    await world.db.pool.execute("UPDATE accounts SET retention_days = 2 WHERE id = $1", short.id)
    await DeleteTasks(world.db, Outbox("gateway")).expire()
    gone = {key for key, each in tasks.items() if await _is_deleted(world, each)}
    assert gone == {(short.id, 3)}
    old = task_from_text(tasks[short.id, 3])
    assert old is not None
    [event] = await said(world, "task.deleted", old)
    assert event["reason"] == "retention"


async def _is_deleted(world: World, text: str) -> bool:
    sql = "SELECT deleted_at IS NOT NULL FROM tasks WHERE id = $1"
    return bool(await world.db.pool.fetchval(sql, task_from_text(text)))


async def test_a_read_that_waits_is_answered_with_the_final_document(shared_world: World) -> None:
    customer = await shared_world.customer("100")
    text, task = await new_task(customer)
    reading = asyncio.create_task(customer.api.get(f"/api/v1/tasks/{text}?wait=30", timeout=40))
    await until(lambda: shared_world.follow.streams == 1)
    facts = success(customer, task)
    await shared_world.say(facts[:2])
    await asyncio.sleep(0.05)
    assert not reading.done()  # news, but not the end
    await shared_world.say(facts[2:])
    answer = await asyncio.wait_for(reading, 25)
    assert answer.json()["status"] == "succeeded"
    assert shared_world.follow.streams == 0
    began = time.monotonic()
    assert (await customer.api.get(f"/api/v1/tasks/{text}?wait=30")).json()["status"] == "succeeded"
    assert time.monotonic() - began < 20


async def test_a_read_that_waited_in_vain_gets_what_there_is(shared_world: World) -> None:
    customer = await shared_world.customer("100")
    text, _ = await new_task(customer)
    assert (await customer.api.get(f"/api/v1/tasks/{text}?wait=1")).json()["status"] == "queued"


@pytest.mark.parametrize("wait", ["-1", "61", "x", "1.5", ""])
async def test_a_wait_that_can_not_be_is_a_422(shared_world: World, wait: str) -> None:
    customer = await shared_world.customer("100")
    text, _ = await new_task(customer)
    answer = await customer.api.get(f"/api/v1/tasks/{text}", params={"wait": wait})
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, "wait")


async def test_waiting_reads_are_bounded_and_end_with_the_process(make_world: Any) -> None:
    world = await make_world(max_streams=1)
    customer = await world.customer("100")
    text, _ = await new_task(customer)
    reading = asyncio.create_task(customer.api.get(f"/api/v1/tasks/{text}?wait=60", timeout=70))
    await until(lambda: world.follow.streams == 1)
    refused = await customer.api.get(f"/api/v1/tasks/{text}?wait=60")
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "overloaded")
    assert (await customer.api.get(f"/api/v1/tasks/{text}")).status_code == 200
    world.follow.drain()
    answer = await asyncio.wait_for(reading, 30)
    assert (answer.status_code, answer.json()["status"]) == (200, "queued")


async def test_an_estimate_is_the_exact_price_and_makes_nothing(shared_world: World) -> None:
    poor = await shared_world.customer("0")
    answer = await poor.api.post("/api/v1/tasks/estimate", json=seedance())
    assert (answer.status_code, answer.content) == (
        200,
        b'{"object":"estimate","model":"doubao-seedance-2-0-fast","cost_estimate":0.0657,'
        b'"credits":6.57,"currency":"USD"}',
    )
    for body, status in (
        ({"model": "no-such", "input": {}}, 404),
        (seedance(duration=99), 422),
        (seedance() | {"metadata": 5}, 422),
        ([], 400),
    ):
        assert (await poor.api.post("/api/v1/tasks/estimate", json=body)).status_code == status
    free = await shared_world.customer("100", tier="free")
    assert (await free.api.post("/api/v1/tasks/estimate", json=seedance())).status_code == 403
    assert (await poor.api.get("/api/v1/tasks")).json()["data"] == []


async def test_what_a_request_brings_along_is_given_back(shared_world: World) -> None:
    customer = await shared_world.customer("100")
    body = seedance() | {
        "metadata": {"order": "7", "naïve": "ja ✓"},
        "webhook_url": "http://hooks.example:8080/x?y=1",
        "deadline_seconds": 90,
    }
    answer = await customer.submit(body)
    assert answer.json()["metadata"] == body["metadata"]
    document = await customer.task(answer.json()["task_id"])
    assert (document["metadata"], document["webhook_url"]) == (body["metadata"], body["webhook_url"])
    sql = "SELECT deadline - requested_at FROM tasks WHERE account_id = $1"
    assert await shared_world.db.pool.fetchval(sql, customer.id) == timedelta(seconds=90)
    [event] = await said(shared_world, "task.requested", task_from_text(document["task_id"]) or customer.id)
    assert event["deadline"] > event["requested_at"]


WRONG = [
    ({"metadata": []}, "metadata"),
    ({"metadata": {"a": 1}}, "metadata.a"),
    ({"metadata": {"": "x"}}, "metadata."),
    ({"metadata": {"x" * 65: "x"}}, "metadata." + "x" * 64),
    ({"metadata": {"a": "x" * 513}}, "metadata.a"),
    ({"metadata": {"a": "\0"}}, "metadata.a"),
    ({"metadata": {"a\n": "x"}}, "metadata.a\n"),
    ({"metadata": {str(n): "" for n in range(17)}}, "metadata"),
    ({"webhook_url": 5}, "webhook_url"),
    ({"webhook_url": ""}, "webhook_url"),
    ({"webhook_url": "ftp://a.test/"}, "webhook_url"),
    ({"webhook_url": "https:///x"}, "webhook_url"),
    ({"webhook_url": "https://a.test:99999/"}, "webhook_url"),
    ({"webhook_url": "https://[::1/"}, "webhook_url"),
    ({"webhook_url": "https://me:secret@a.test/"}, "webhook_url"),
    ({"webhook_url": "https://a.test/a b"}, "webhook_url"),
    ({"webhook_url": "https://a.test/" + "x" * 2048}, "webhook_url"),
    ({"deadline_seconds": 9}, "deadline_seconds"),
    ({"deadline_seconds": 86_401}, "deadline_seconds"),
    ({"deadline_seconds": True}, "deadline_seconds"),
    ({"deadline_seconds": "60"}, "deadline_seconds"),
    ({"deadline_seconds": 60.0}, "deadline_seconds"),
]


@pytest.mark.parametrize(("fields", "param"), WRONG, ids=[str(n) for n in range(len(WRONG))])
async def test_what_can_not_be_brought_along_is_a_422_that_names_it(
    shared_world: World, fields: dict[str, Any], param: str
) -> None:
    customer = await shared_world.customer("100")
    answer = await customer.submit(seedance() | fields)
    assert answer.status_code == 422, answer.text
    assert param in [each["param"] for each in answer.json()["error"]["details"]]


async def test_an_unanswered_requests_repeat_keeps_its_deadline(shared_world: World) -> None:
    customer = await shared_world.customer("100")
    await new_task(customer, deadline_seconds=77)
    sql = "SELECT extract(epoch FROM deadline - requested_at)::int FROM tasks WHERE account_id = $1"
    assert await shared_world.db.pool.fetchval(sql, customer.id) == 77


async def test_the_first_answer_is_replayed_to_the_byte_whatever_changed_since(make_world: Any) -> None:
    world = await make_world()
    customer = await world.customer("100")
    body = seedance() | {"metadata": {"b": "1", "a": "2"}}
    first = await customer.submit(body, "k")
    await world.say(success(customer, task_from_text(first.json()["task_id"]) or customer.id))
    world.settings = world.settings.model_copy(update={"currency": "EUR"})
    other = world.client(customer.key, world.another_gateway(world.db))
    again = await other.post("/api/v1/tasks", json=body, headers={"Idempotency-Key": "k"})
    assert (again.status_code, again.content) == (202, first.content)
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotent-replayed"] == "true"
    await customer.api.delete(first.headers["location"])
    assert (await customer.submit(body, "k")).content == first.content


async def test_an_idempotency_key_is_forgotten_when_it_is_old_enough(world: World) -> None:
    customer = await world.customer("100")
    old, young = await customer.submit(seedance(), "old"), await customer.submit(seedance(), "young")
    sql = "UPDATE idempotency_keys SET created_at = now() - interval '49 hours' WHERE key = 'old'"
    await world.db.pool.execute(sql)
    await ForgetKeys(world.db, timedelta(hours=48))()
    assert (await customer.submit(seedance(), "young")).content == young.content
    assert (await customer.submit(seedance(), "old")).content != old.content


async def test_one_key_used_with_live_and_test_credits_at_once_is_a_conflict_and_no_fault(
    world: World,
) -> None:
    customer = await world.customer("1000")
    request = KeyRequest(customer.id, Terms("t", SCOPES), "test")
    _, test_key = await create_key(world.db, request, PEPPER.encode())
    tester = world.client(test_key)
    await world.db.pool.execute("UPDATE balances SET available_micro = 1000000000, version = 1")
    for n in range(10):
        key = {"Idempotency-Key": f"both-{n}"}
        answers = await asyncio.gather(
            *(api.post("/api/v1/tasks", json=seedance(), headers=key) for api in (customer.api, tester))
        )
        assert sorted(answer.status_code for answer in answers) == [202, 409]


async def test_anothers_task_can_neither_be_cancelled_nor_deleted_nor_seen(shared_world: World) -> None:
    mine, other = await shared_world.customer("100"), await shared_world.customer("100")
    text, task = await new_task(other)
    await shared_world.say(success(other, task))
    for method, path in (
        ("POST", "/cancel"),
        ("DELETE", ""),
        ("GET", ""),
        ("GET", "?wait=1"),
        ("GET", "/events"),
    ):
        theirs, never = [
            await mine.api.request(method, f"/api/v1/tasks/{each}{path}") for each in (text, RANDOM)
        ]
        assert (theirs.status_code, never.status_code) == (404, 404)
        first, second = (
            {**answer.json()["error"], "request_id": "", "message": ""} for answer in (theirs, never)
        )
        assert first == second
    assert (await other.task(text))["deleted_at"] is None

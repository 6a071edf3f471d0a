"""What an operator does through the API with a whole stack: accounts, money, dead letters, outboxes."""

from typing import Any

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaProducer
from contracts import events
from contracts.topics import SERVICES
from dead_letters import set_aside
from flow_tools import World, got, seedance, until, uuid_of

ADMIN = "/api/v1/admin"
TOPICS = {
    "callbacks": "task.deleted",
    "dispatcher": "task.deleted",
    "storage": "task.deleted",
    "gateway": "credits.changed",
    "ledger": "credits.granted",
}
"""One that each service reads."""
NOT_READABLE = "not a record [flow test]"


@pytest.fixture
async def operator(world: World) -> httpx.AsyncClient:
    return world.client(world.facts["admin_key"])


async def test_an_account_is_made_given_credits_and_a_key_and_is_watched(
    world: World, operator: httpx.AsyncClient
) -> None:
    made = got(await operator.post(f"{ADMIN}/accounts", json={"name": "Ann", "tier": "pro"}), 201)
    one = f"{ADMIN}/accounts/{made['id']}"
    grant = {"credits": 20, "reason": "welcome", "kind": "promotion"}
    given = got(await operator.post(f"{one}/grants", json=grant), 201)
    key = got(await operator.post(f"{one}/keys", json={"name": "app"}), 201)
    ann = world.client(key["key"])

    async def booked() -> bool:
        return got(await ann.get("/api/v1/credits"))["available"] == 20

    await until(booked, "the grant is booked")
    [entry] = got(await operator.get(f"{one}/grants"))["data"]
    assert (entry["id"], entry["booked_at"] is not None) == (given["id"], True)
    task = got(await ann.post("/api/v1/tasks", json=seedance("held [sim:delay=240]")), 202)["task_id"]

    async def held() -> list[dict[str, Any]]:
        return got(await operator.get(f"{ADMIN}/holds", params={"account": made["id"]}))["data"]

    [hold] = await until(held, "the hold")
    assert (hold["task_id"], hold["held"]) == (task, 6.57)
    found = got(await operator.get(f"{ADMIN}/tasks", params={"account": made["id"]}))["data"]
    assert [each["task_id"] for each in found] == [task]

    async def at_provider() -> str | None:
        attempts = got(await operator.get(f"{ADMIN}/tasks/{task}"))["attempts"]
        return attempts[0].get("provider_job_id") or attempts[0]["provider"] if attempts else None

    assert await until(at_provider, "the attempt")
    assert got(await ann.post(f"/api/v1/tasks/{task}/cancel"), 202)["cancel_requested"] is True
    moved = f"{one}/credits/history"

    async def given_back() -> bool:
        return [each["kind"] for each in got(await operator.get(moved))["data"]] == [
            "release",
            "freeze",
            "grant",
        ]

    await until(given_back, "the hold is given back")
    changed = got(await operator.patch(one, json={"status": "disabled", "reason": "asked for"}))
    assert (changed["status"], got(await operator.get(one))["status"]) == ("disabled", "disabled")
    assert [each["id"] for each in got(await operator.get(f"{one}/keys"))["data"]] == [key["id"]]
    listed = got(await operator.get(f"{ADMIN}/accounts", params={"status": "disabled", "q": "Ann"}))["data"]
    assert made["id"] in [each["id"] for each in listed]
    audit = got(await operator.get(f"{ADMIN}/audit", params={"account": made["id"]}))["data"]
    assert {"account.changed", "credits.granted"} <= {each["action"] for each in audit}


async def test_the_books_are_proved_and_providers_seen(world: World, operator: httpx.AsyncClient) -> None:
    customer = await world.customer("10")
    await customer.make(seedance())
    proved = got(await operator.post(f"{ADMIN}/ledger/check"))
    assert proved == {**got(await operator.get(f"{ADMIN}/ledger/check")), **proved}
    assert "ark" in [each["provider"] for each in got(await operator.get(f"{ADMIN}/providers"))["data"]]


async def test_what_a_service_could_not_read_is_shown_as_it_came(
    world: World, operator: httpx.AsyncClient
) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=world.facts["kafka_bootstrap"])
    await producer.start()
    for topic in sorted(set(TOPICS.values())):
        await producer.send_and_wait(topic, NOT_READABLE.encode() + b"\xff", key=b"\xfe\x00")
    await producer.stop()
    for service in SERVICES:
        path = f"{ADMIN}/services/{service}/dead-letters"

        async def came(path: str = path) -> list[dict[str, Any]]:
            found = got(await operator.get(path, params={"open": "true", "limit": 5}))["data"]
            return [each for each in found if each["key"] == "\\376\\000"]

        [letter, *_] = await until(came, f"{service}'s dead letter")
        assert letter["topic"] == TOPICS[service]
        shown = got(await operator.get(f"{path}/{letter['id']}"))
        assert shown["value"] == NOT_READABLE + "\\377"
        refused = got(await operator.post(f"{path}/{letter['id']}/replay"), 409)
        assert refused["error"]["code"] == "dead_letter_unreadable"
        await world.rows(service, "DELETE FROM dead_letters WHERE id = $1", letter["id"])


@pytest.mark.parametrize("service", ["dispatcher", "callbacks", "storage"])
async def test_a_letter_is_handled_again_by_its_reader(
    world: World, operator: httpx.AsyncClient, service: str
) -> None:
    customer = await world.customer("10")
    document = await customer.make(seedance())
    task = uuid_of(document["task_id"])
    got(await customer.api.delete(f"/api/v1/tasks/{document['task_id']}"))
    event = events.TaskDeleted(task_id=task, account_id=customer.id, deleted_at=document["created_at"])
    conn = await asyncpg.connect(world.facts["postgres"][service])
    letter_id = await set_aside(conn, event, str(task))
    await conn.close()
    path = f"{ADMIN}/services/{service}/dead-letters/{letter_id}"
    replayed = got(await operator.post(f"{path}/replay", json={"reason": "mended"}))
    assert replayed["replayed_at"] is not None
    [note, *_] = got(await operator.get(f"{ADMIN}/audit", params={"action": "dead_letter.replayed"}))["data"]
    assert (note["subject"], note["reason"]) == (f"{service}/{letter_id}", "mended")


async def test_every_outbox_is_sent_again_and_changes_nothing(
    world: World, operator: httpx.AsyncClient
) -> None:
    customer = await world.customer("20")
    document = await customer.make(seedance())
    for service in SERVICES:
        path = f"{ADMIN}/services/{service}/outbox/replay"
        sent = got(await operator.post(path, json={"since": document["created_at"], "reason": "lost"}))
        assert sent["rows"] >= (service != "callbacks"), service
    another = await customer.make(seedance("another"))
    assert (another["status"], await customer.task(document["task_id"])) == ("succeeded", document)
    balance = await customer.credits()
    assert (round(balance["available"], 6), balance["held"]) == (6.86, 0)
    await world.books_are_right()

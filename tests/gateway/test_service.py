"""The whole process: request out to Kafka, facts in from Kafka, drained on SIGTERM."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from contracts import envelope
from contracts.events import Balance, CreditsChanged, CreditsFrozen, TaskSettled
from contracts.ids import task_from_text, uuid7
from contracts.topics import PARTITIONS, read_by, topic_of
from gateway_tools import PEPPER, SEEDANCE_MICRO, Customer, World, now, seedance, until
from runtime.bus.topic_ids import topic_ids
from stack.servers import Servers

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]


@dataclass
class Running:
    """A gateway process."""

    process: asyncio.subprocess.Process
    api: httpx.AsyncClient

    async def ready(self) -> bool:
        try:
            return (await self.api.get("/readyz")).status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture
async def running(world: World, servers: Servers, kafka: str) -> AsyncIterator[Running]:
    """`python -m gateway all` on the world's database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "GATEWAY_ENVIRONMENT": "dev",
        "GATEWAY_DATABASE_DSN": world.db.dsn,
        "GATEWAY_KAFKA_BOOTSTRAP": kafka,
        "GATEWAY_S3_ENDPOINT": servers.s3_endpoint,
        "GATEWAY_S3_BUCKET": servers.s3_bucket,
        "GATEWAY_S3_ACCESS_KEY": servers.s3_access_key,
        "GATEWAY_S3_SECRET_KEY": servers.s3_secret_key,
        "GATEWAY_KEY_PEPPER": PEPPER,
        "GATEWAY_PROVIDERS": '{"ark": {"simulated": true}}',
        "GATEWAY_HTTP_PORT": str(port),
    }
    await pass_over_the_past(kafka, world)
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "gateway", "all", env=environment)
    api = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False)
    found = Running(process, api)
    await until(found.ready, 60)
    yield found
    await api.aclose()
    if process.returncode is None:
        process.kill()
        await process.wait()


async def ends(kafka: str, names: Collection[str]) -> dict[TopicPartition, int]:
    """The offsets after what other runs have put on the broker."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka)
    await consumer.start()
    places = [TopicPartition(name, number) for name in names for number in range(PARTITIONS)]
    found: dict[TopicPartition, int] = await consumer.end_offsets(places)
    await consumer.stop()
    return found


async def pass_over_the_past(kafka: str, world: World) -> None:
    """Let the gateway begin where the topics end now."""
    names = [topic.name for topic in read_by("gateway")]
    ids = await topic_ids(kafka, names)
    await world.db.pool.executemany(
        "INSERT INTO consumer_offsets (group_id, topic, topic_id, partition, next_offset) "
        "VALUES ('gateway', $1, $2, $3, $4)",
        [(tp.topic, ids[tp.topic], tp.partition, end) for tp, end in (await ends(kafka, names)).items()],
    )


async def say(kafka: str, source: str, event: Any, key: str, subject: str) -> None:
    """Put an event on its topic as its writer would."""
    topic = topic_of(event)
    headers = envelope.headers(
        event=f"{source}:{subject}:said:1", source=source, kind=topic.type, subject=subject, time=now()
    )
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    await producer.send_and_wait(
        topic.name,
        key=key.encode(),
        value=event.model_dump_json().encode(),
        headers=[(name, text.encode()) for name, text in headers.items()],
    )
    await producer.stop()


async def heard(kafka: str, subject: str, since: dict[TopicPartition, int]) -> Any:
    """The task.requested record about a task."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka)
    await consumer.start()
    consumer.assign(list(since))
    for place, offset in since.items():
        consumer.seek(place, offset)
    try:
        async with asyncio.timeout(60):
            async for record in consumer:
                if (b"ce_subject", subject.encode()) in [(n.encode(), v) for n, v in record.headers]:
                    return record
    finally:
        await consumer.stop()


async def test_a_task_through_the_process_and_a_clean_end(world: World, running: Running, kafka: str) -> None:
    customer = await world.customer()
    headers = {"Authorization": f"Bearer {customer.key}"}
    await _grant(running, kafka, customer, headers)

    before = await ends(kafka, ["task.requested"])
    submitted = await running.api.post("/api/v1/tasks", json=seedance(), headers=headers)
    assert submitted.status_code == 202, submitted.text
    text = submitted.json()["task_id"]
    task = task_from_text(text)
    assert task is not None
    record = await heard(kafka, str(task), before)
    assert record.key == str(customer.id).encode()
    assert json.loads(record.value)["quote_micro"] == SEEDANCE_MICRO

    types: list[str] = []
    stream = asyncio.create_task(_stream(running, text, headers, types))
    when, key = now(), str(customer.id)
    held = Balance(available_micro=93_430_000, held_micro=SEEDANCE_MICRO, version=2)
    frozen = CreditsFrozen(
        task_id=task,
        account_id=customer.id,
        asset="credit",
        held_micro=SEEDANCE_MICRO,
        deadline=when,
        expires_at=when,
        frozen_at=when,
        balance=held,
    )
    await say(kafka, "ledger", frozen, key, str(task))
    await until(lambda: "frozen" in types)  # two topics keep no order between them
    back = Balance(available_micro=100_000_000, held_micro=0, version=3)
    settled = TaskSettled(
        task_id=task,
        account_id=customer.id,
        asset="credit",
        outcome="released",
        reason="provider_failed",
        charged_micro=0,
        returned_micro=SEEDANCE_MICRO,
        settled_at=when,
        balance=back,
    )
    await say(kafka, "ledger", settled, key, str(task))
    await asyncio.wait_for(stream, 60)
    assert types == ["requested", "frozen", "released", "failed"]
    document = (await running.api.get(f"/api/v1/tasks/{text}", headers=headers)).json()
    assert (document["status"], document["error"]["code"]) == ("failed", "provider_failed")
    assert (await running.api.get("/api/v1/credits", headers=headers)).json()["available"] == 100

    other = (await running.api.post("/api/v1/tasks", json=seedance(), headers=headers)).json()["task_id"]
    seen: list[str] = []
    waiting = asyncio.create_task(_stream(running, other, headers, seen))
    await until(lambda: seen)
    running.process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(running.process.wait(), 60) == 0  # an open stream doesn't hold it
    await asyncio.wait_for(waiting, 30)
    assert seen == ["requested"]


async def _grant(running: Running, kafka: str, customer: Customer, headers: dict[str, str]) -> None:
    changed = CreditsChanged(
        account_id=customer.id,
        asset="credit",
        change_id=uuid7(),
        change_micro=100_000_000,
        kind="topup",
        reason="x",
        changed_at=now(),
        balance=Balance(available_micro=100_000_000, held_micro=0, version=1),
    )
    await say(kafka, "ledger", changed, str(customer.id), str(customer.id))

    async def funded() -> bool:
        answer = await running.api.get("/api/v1/credits", headers=headers)
        return answer.status_code == 200 and answer.json()["available"] == 100

    await until(funded)


async def _stream(running: Running, task: str, headers: dict[str, str], seen: list[str]) -> None:
    """Note the types of a task's events as they come, until the stream ends."""
    wanted = headers | {"Accept": "text/event-stream"}
    async with running.api.stream(
        "GET", f"/api/v1/tasks/{task}/events", headers=wanted, timeout=60
    ) as stream:
        async for line in stream.aiter_lines():
            if line.startswith("event: "):
                seen.append(line[7:])

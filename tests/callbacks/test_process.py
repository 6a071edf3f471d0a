"""The process as it is run: called by a provider over a socket, heard on Kafka, drained by SIGTERM."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaConsumer
from callback_addresses import SECRET, Address
from callbacks.domain.news import Message
from callbacks.usecases.accept_news import AcceptNews
from contracts.events import ProviderReported
from delivery_tools import until
from receiver import Plan, Receiver
from runtime.db import Database
from stack.servers import Servers

pytestmark = pytest.mark.stack


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def environment(servers: Servers, kafka: str) -> AsyncIterator[dict[str, str]]:
    name = f"t_callbacks_process_{os.getpid()}"
    admin = await asyncpg.connect(servers.postgres_admin_dsn)
    await admin.execute(f"CREATE DATABASE {name}")
    yield {
        **os.environ,
        "CALLBACKS_ENVIRONMENT": "dev",
        "CALLBACKS_DATABASE_DSN": servers.postgres_admin_dsn.rsplit("/", 1)[0] + f"/{name}",
        "CALLBACKS_KAFKA_BOOTSTRAP": kafka,
        "CALLBACKS_HTTP_PORT": str(free_port()),
        "CALLBACKS_CALLBACK_SECRETS": SECRET,
        "CALLBACKS_SIGNING_KEY": "the service's own",
    }
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


async def run(environment: dict[str, str], *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "callbacks",
        *arguments,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )


async def until_ready(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                if (await client.get("/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)


async def heard(kafka: str, task: str) -> ProviderReported:
    async with asyncio.timeout(60):
        consumer = AIOKafkaConsumer(
            "provider.reported", bootstrap_servers=kafka, auto_offset_reset="earliest", group_id=None
        )
        await consumer.start()
        try:
            async for record in consumer:
                headers = dict(record.headers)
                if headers["ce_subject"].decode() == task:
                    assert headers["ce_source"] == b"callbacks"
                    return ProviderReported.model_validate_json(record.value)
        finally:
            await consumer.stop()
    raise AssertionError("unreachable: the loop has no end")


async def test_a_webhook_to_the_running_process_is_heard_on_kafka(
    environment: dict[str, str], kafka: str
) -> None:
    assert await (await run(environment, "migrate")).wait() == 0
    process = await run(environment, "all")
    address = Address(attempt=2)
    base = f"http://127.0.0.1:{environment['CALLBACKS_HTTP_PORT']}"
    try:
        async with httpx.AsyncClient(base_url=base, trust_env=False) as client:
            await until_ready(client)
            answer = await client.post(address.url, content=b'{"id": "cgt-5", "status": "succeeded"}')
            assert (answer.status_code, answer.json()) == (200, {"received": True})
        event = await heard(kafka, str(address.task))
        assert (event.attempt, event.provider_job_id, event.final) == (2, "cgt-5", True)
    finally:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 60) == 0
    listing = await run(environment, "webhooks", "--task", str(address.task))
    output, _ = await listing.communicate()
    assert listing.returncode == 0
    assert "ark  attempt 2  final  job cgt-5" in output.decode()


async def test_a_delivery_in_the_hands_of_a_killed_worker_is_made_by_the_next_one(
    environment: dict[str, str], receiver: Receiver
) -> None:
    assert await (await run(environment, "migrate")).wait() == 0
    environment |= {
        "CALLBACKS_ALLOWED_HOSTS": receiver.address,
        "CALLBACKS_DELIVERY_TIMEOUT_SECONDS": "60",
        "CALLBACKS_DELIVERY_DELAYS": "0.2",
    }
    receiver.plan("/hook", Plan(hold=asyncio.Event()), Plan(200))
    db = Database(environment["CALLBACKS_DATABASE_DSN"], name="test")
    await db.start()
    try:
        message = Message(uuid4(), uuid4(), "task.failed", uuid4(), datetime.now(UTC), {}, receiver.url())
        async with db.transaction() as tx:
            await AcceptNews()(tx, [message])
        first = await run(environment, "worker")
        await until(lambda: receiver.came)
        first.kill()
        await first.wait()
        await db.pool.execute("UPDATE work SET due_at = now()")  # sooner than its lease would end
        second = await run(environment, "worker")
        ended = "SELECT state FROM deliveries WHERE state <> 'pending'"
        assert await until(lambda: db.pool.fetchval(ended)) == "delivered"
        second.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(second.wait(), 60) == 0
    finally:
        await db.stop()
    assert len(receiver.came) == 2
    assert len({came.headers["webhook-id"] for came in receiver.came}) == 1

"""Servers that go away under a running relay and reader: they come back by themselves, with every record.

On servers of its own: those of the other tests stay as they are.
"""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiokafka.admin import NewTopic
from runtime.db import Database
from runtime.outbox import relay as relay_module
from runtime.outbox.relay import Relay
from runtime_fixtures import TOPIC, admin_of, grant, has, keep, make_tables, record, until
from stack import control
from stack.clean import clean
from stack.servers import Servers, start_servers, stop_servers


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("servers")
    yield folder
    stop_servers(folder)
    asyncio.run(clean(folder, lambda _: None))  # the database may lie outside, where its user can enter


@pytest.fixture(scope="module")
def own(home: Path) -> Servers:
    return start_servers(home, ("postgres", "kafka"))


@pytest.fixture(scope="module")
def kafka(own: Servers) -> str:
    return own.kafka_bootstrap


@pytest.fixture(scope="module")
async def kafka_topic(kafka: str) -> str:
    async with admin_of(kafka) as admin:
        await admin.create_topics([NewTopic(TOPIC, 12, 1)])
    return TOPIC


@pytest.fixture(scope="module")
async def dsn(own: Servers) -> str:
    await make_tables(own.postgres_admin_dsn)
    return own.postgres_admin_dsn


@pytest.fixture
async def relay(
    db: Database,
    kafka: str,
    topic: str,  # noqa: ARG001 -- the topic must be there
) -> AsyncIterator[Relay]:
    made = Relay(db, service="gateway", bootstrap=kafka, idle_seconds=0.05)
    await made.start()
    yield made
    await made.stop()


async def test_a_restart_of_kafka_is_survived(db, relay, make_bus, home) -> None:
    bus = await make_bus(db, keep)
    before, during = [grant() for _ in range(20)], [grant() for _ in range(20)]
    await record(db, before)
    await until(lambda: has(db, before), "the first effects")
    control.kill("kafka", state=home)
    await record(db, during)
    await asyncio.to_thread(control.restart, "kafka", home)
    await until(lambda: has(db, during), "the effects of what was written meanwhile", 60)
    await until(lambda: bus.unready() is None and relay.unready() is None, "both are well")
    assert bus.fault() is None


async def test_a_restart_of_postgres_is_survived(db, relay, make_bus, home) -> None:
    bus = await make_bus(db, keep)
    before, after = [grant() for _ in range(20)], [grant() for _ in range(20)]
    await record(db, before)
    await asyncio.to_thread(control.restart, "postgres", home)
    await record(db, after)
    await until(lambda: has(db, before + after), "every effect")
    await until(lambda: bus.unready() is None and relay.unready() is None, "both are well")


async def test_a_broker_that_hangs_does_not_keep_a_relay_from_stopping(db, kafka, home, monkeypatch) -> None:
    monkeypatch.setattr(relay_module, "_STOP_SECONDS", 1)
    relay = Relay(db, service="gateway", bootstrap=kafka, idle_seconds=0.05)
    await relay.start()
    await until(lambda: relay._leading, "it leads")
    control.kill("kafka", signal.SIGSTOP, state=home)
    try:
        await record(db, [grant()])
        began = time.monotonic()
        await relay.stop()
        assert time.monotonic() - began < 5
    finally:
        control.kill("kafka", signal.SIGCONT, state=home)

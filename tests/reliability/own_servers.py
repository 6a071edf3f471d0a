"""Servers that a test may stop: those of the other tests stay as they are.

A test module that binds `database`, `kafka` and `kafka_topic` to those here has its fixtures use them.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from aiokafka.admin import NewTopic
from runtime.db import Database
from runtime.outbox.relay import Relay
from runtime_fixtures import TOPIC, admin_of, make_tables
from stack.clean import clean
from stack.servers import Servers, start_servers, stop_servers


@pytest.fixture(scope="session")
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home of the servers, for `stack.control`."""
    folder = tmp_path_factory.mktemp("servers")
    yield folder
    stop_servers(folder)
    asyncio.run(clean(folder, lambda _: None))  # the database may lie outside, where its user can enter


@pytest.fixture(scope="session")
def own_servers(own_home: Path) -> Servers:
    """A Postgres and a broker."""
    return start_servers(own_home, ("postgres", "kafka"))


@pytest.fixture(scope="module")
def kafka(own_servers: Servers) -> str:
    return own_servers.kafka_bootstrap


@pytest.fixture(scope="module")
async def kafka_topic(kafka: str) -> str:
    async with admin_of(kafka) as admin:
        if TOPIC not in await admin.list_topics():
            await admin.create_topics([NewTopic(TOPIC, 12, 1)])
    return TOPIC


@pytest.fixture(scope="module")
async def database(own_servers: Servers) -> str:
    """The runtime's tables in the server's first database."""
    conn = await asyncpg.connect(own_servers.postgres_admin_dsn)
    made = await conn.fetchval("SELECT to_regclass('outbox') IS NOT NULL")
    await conn.close()
    if not made:
        await make_tables(own_servers.postgres_admin_dsn)
    return own_servers.postgres_admin_dsn


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

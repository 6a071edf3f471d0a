"""Fixtures for the whole suite: real Kafka, Postgres and S3, started once and left for the next run."""

import asyncio
import itertools
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import asyncpg
import hypothesis
import pytest
from httpx._config import DEFAULT_TIMEOUT_CONFIG as HTTPX_PATIENCE
from runtime import migrate
from runtime.bus.topics import create_topics
from runtime.db import Database
from stack.servers import Servers, start_servers

ROOT = Path(__file__).parents[1]
HOME = ROOT / ".framebus" / os.environ.get("FRAMEBUS_TEST_HOME", "")  # two runs side by side have two
sys.path.insert(0, str(ROOT / "tests" / "api"))
hypothesis.settings.register_profile("shared", deadline=None)  # a busy machine is no wrong answer
hypothesis.settings.load_profile("shared")
for _each in ("connect", "read", "write", "pool"):  # five seconds are less than a busy machine may pause
    setattr(HTTPX_PATIENCE, _each, 30.0)
_numbers = itertools.count(1)
_DROPS_AT_ONCE = 16

MakeDatabase = Callable[[str], Awaitable[str]]


def pytest_configure(config: pytest.Config) -> None:
    """Have every answer of the gateway held against its OpenAPI document."""
    from recorder import Recorder

    config.pluginmanager.register(Recorder())


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """The three servers of the one-machine stack; TEST_USE_DOCKER=1: Kafka and Postgres in containers."""
    if os.environ.get("TEST_USE_DOCKER") != "1":
        yield start_servers(HOME / "test")
        return
    from tests.docker_servers import docker_servers

    with docker_servers() as external:
        yield start_servers(HOME / "test-docker", external=external)


@pytest.fixture(scope="session")
async def kafka(servers: Servers) -> str:
    """The bootstrap address of a broker that has every topic."""
    await create_topics(servers.kafka_bootstrap)
    return servers.kafka_bootstrap


class Databases:
    """Fresh databases, copied from one migrated template per service."""

    def __init__(self, admin_dsn: str) -> None:
        self._admin_dsn = admin_dsn
        self._templates: dict[str, str] = {}
        self._made: list[str] = []

    async def fresh(self, service: str) -> str:
        """The address of a new database with the service's newest schema."""
        template = self._templates.get(service) or await self._template(service)
        return await self._create(f"t_{service}_{os.getpid()}_{next(_numbers)}", template)

    async def drop(self) -> None:
        """Remove what this run made; side by side: each drop waits for a checkpoint that all can share."""
        hands = asyncio.Semaphore(_DROPS_AT_ONCE)

        async def drop(name: str) -> None:
            async with hands:
                await self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

        await asyncio.gather(*map(drop, self._made))

    async def _template(self, service: str) -> str:
        name = f"t_{service}_{os.getpid()}_template"
        dsn = await self._create(name, "template1")
        await asyncio.to_thread(migrate.upgrade, dsn, ROOT / "services" / service / "migrations")
        self._templates[service] = name
        return name

    async def _create(self, name: str, template: str) -> str:
        await self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        self._made.append(name)
        return self._admin_dsn.rsplit("/", 1)[0] + f"/{name}"

    async def _run(self, sql: str) -> None:
        conn = await asyncpg.connect(self._admin_dsn)
        try:
            await conn.execute(sql)
        finally:
            await conn.close()


@pytest.fixture(scope="session")
async def databases(servers: Servers) -> AsyncIterator[Databases]:
    made = Databases(servers.postgres_admin_dsn)
    yield made
    await made.drop()


@pytest.fixture
def service_db(databases: Databases) -> MakeDatabase:
    """`await service_db("ledger")` is the address of a fresh, migrated database."""
    return databases.fresh


@pytest.fixture
async def open_db(service_db: MakeDatabase) -> AsyncIterator[Callable[[str], Awaitable[Database]]]:
    """`await open_db("ledger")` is a started Database on a fresh, migrated database."""
    opened: list[Database] = []

    async def make(service: str) -> Database:
        db = Database(await service_db(service), name=f"test-{service}", pool_size=8)
        await db.start()
        opened.append(db)
        return db

    yield make
    for db in opened:
        await db.stop()

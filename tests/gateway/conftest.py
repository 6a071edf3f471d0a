"""The gateway on a real database, called through its ASGI app."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from gateway_tools import World
from gateway_worlds import close_world, making_worlds, open_world
from operator_setting import OperatorSetting, operator_setting
from runtime.db import Database
from stack.servers import Servers
from surface_tools import PROVIDERS
from upload_files import store
from webhook_setting import Setting, webhook_setting

OpenDb = Callable[[str], Awaitable[Database]]


@pytest.fixture
async def make_world(open_db: OpenDb) -> AsyncIterator[Callable[..., Awaitable[World]]]:
    """`await make_world(max_inline_bytes=10)` is a gateway with such settings on a database of its own."""
    async with making_worlds(open_db) as make:
        yield make


@pytest.fixture
async def world(make_world: Callable[..., Awaitable[World]]) -> World:
    """A gateway on a database of its own."""
    return await make_world()


@pytest.fixture(scope="session")
async def shared_world(databases: Any) -> AsyncIterator[World]:
    """A gateway whose database other tests use as well: for what can be told by account."""
    db = Database(await databases.fresh("gateway"), name="shared", pool_size=8)
    await db.start()
    made = await open_world(db)
    yield made
    await close_world(made)
    await db.stop()


@pytest.fixture(scope="session")
async def surface_world(databases: Any, servers: Servers) -> AsyncIterator[World]:
    """A gateway with every provider and the object store, on a database that many tests use."""
    db = Database(await databases.fresh("gateway"), name="surfaces", pool_size=8)
    await db.start()
    store = {name: getattr(servers, name) for name in ("s3_endpoint", "s3_access_key", "s3_secret_key")}
    made = await open_world(db, providers=PROVIDERS, s3_bucket=servers.s3_bucket, **store)
    yield made
    await close_world(made)
    await db.stop()


@pytest.fixture(scope="session")
async def stored_world(databases: Any, servers: Servers) -> AsyncIterator[World]:
    """The same with the real object store, which clients can reach too."""
    db = Database(await databases.fresh("gateway"), name="stored", pool_size=8)
    await db.start()
    public = servers.s3_endpoint
    made = await open_world(db, **store(servers, s3_public_endpoint=public, max_video_bytes=20_000_000))
    yield made
    await close_world(made)
    await db.stop()


@pytest.fixture
async def setting(world: World, open_db: OpenDb) -> AsyncIterator[Setting]:
    """A gateway with callbacks beside it."""
    async with webhook_setting(world, await open_db("callbacks")) as made:
        yield made


@pytest.fixture(scope="session")
async def operating(databases: Any) -> AsyncIterator[OperatorSetting]:
    """A gateway with a ledger beside it, an operator and two customers; other tests use it too."""
    db = Database(await databases.fresh("gateway"), name="operating", pool_size=8)
    ledger_db = Database(await databases.fresh("ledger"), name="operating-ledger", pool_size=4)
    await db.start()
    await ledger_db.start()
    made = await open_world(db)
    async with operator_setting(made, ledger_db, {}) as setting:
        yield setting
    await close_world(made)
    await ledger_db.stop()
    await db.stop()


@pytest.fixture
async def customers(operating: OperatorSetting) -> OperatorSetting:
    """The same with two customers who have done nothing yet."""
    operating.ann, operating.bob = await operating.world.customer(), await operating.world.customer()
    return operating

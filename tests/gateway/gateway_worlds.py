"""Opening and closing a gateway for tests."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from gateway.app import make_app
from gateway.outbound.objects import Objects
from gateway.outbound.rate_store import RateStore
from gateway.parts.shared import store_address
from gateway.usecases.follow_tasks import FollowTasks
from gateway_tools import World, settings_for
from runtime.db import Database
from runtime.outbox.recorder import Outbox


async def open_world(db: Database, **changes: Any) -> World:
    """A gateway with such settings on a database."""
    settings = settings_for(db.dsn, **changes)
    follow = FollowTasks(db, settings.events_poll_seconds)
    objects = Objects(store_address(settings))
    await objects.start()
    await follow.start()
    app = make_app(settings, db, Outbox("gateway"), follow, objects, RateStore("memory://"))
    return World(db, settings, app, follow, objects)


async def close_world(world: World) -> None:
    """Its clients, its listening, its connections."""
    for client in world.clients:
        await client.aclose()
    await world.follow.stop()
    await world.objects.stop()


@asynccontextmanager
async def making_worlds(
    open_db: Callable[[str], Awaitable[Database]],
) -> AsyncIterator[Callable[..., Awaitable[World]]]:
    """`await make(max_inline_bytes=10)` is a gateway with such settings on a database of its own."""
    made: list[World] = []

    async def make(**changes: Any) -> World:
        made.append(await open_world(await open_db("gateway"), **changes))
        return made[-1]

    yield make
    for each in made:
        await close_world(each)

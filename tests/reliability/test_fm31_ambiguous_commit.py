"""31: nobody knows whether a commit happened: the connection is lost with it, before or after.

A reader looks at its stored offsets again; a client repeats its submit under the same key.
"""

from collections.abc import AsyncIterator
from typing import Any, Literal

import pytest
from gateway_tools import seedance
from outage_tools import Way, way_to
from runtime.db import Database
from runtime_fixtures import effects, grant, has, ids_of, keep, until

from tests.gateway.conftest import make_world  # noqa: F401 -- a fixture

Cut = Literal["before", "after"]


@pytest.fixture
async def way(db: Database) -> AsyncIterator[Way]:
    async with way_to(db.dsn) as made:
        yield made


async def through(way: Way, db: Database) -> Database:
    made = Database(way.instead_of(db.dsn), name="cut", pool_size=4)
    await made.start()
    return made


@pytest.mark.parametrize("cut", ["before", "after"])
async def test_fm31_ambiguous_commit_of_a_batch_takes_effect_once(
    db: Database, way: Way, say: Any, make_bus: Any, cut: Cut
) -> None:
    """Failed without the compare-and-set of the stored offsets: with `after` the effects were there twice."""
    lossy = await through(way, db)
    bus = await make_bus(lossy, keep)
    messages = []
    for _ in range(3):
        way.cut_next = cut
        messages += (batch := [grant() for _ in range(10)])
        await say(batch)
        await until(lambda batch=batch: has(db, batch), "every effect")
    assert way.cuts == 3
    assert sorted(await effects(db)) == sorted(ids_of(messages))
    await until(lambda: bus.unready() is None, "the bus is well")
    await bus.stop()
    await lossy.stop()


@pytest.mark.parametrize("cut", ["before", "after"])
async def test_fm31_ambiguous_commit_of_a_submit_is_one_task_under_one_key(make_world: Any, cut: Cut) -> None:
    """Failed without the look for the key in `SubmitTasks`: with `after` the repeat was a 500."""
    world = await make_world()
    customer = await world.customer("1000")
    async with way_to(world.db.dsn) as way:
        lossy = await through(way, world.db)
        api = world.client(customer.key, world.another_gateway(lossy))
        headers = {"Idempotency-Key": "once"}
        await api.get("/api/v1/credits")  # the key is known, so that the next commit is the submit's
        way.cut_next = cut
        lost = await api.post("/api/v1/tasks", json=seedance(), headers=headers)
        assert (lost.status_code, lost.json()["error"]["code"]) == (503, "unavailable")
        assert int(lost.headers["retry-after"]) > 0
        again = await api.post("/api/v1/tasks", json=seedance(), headers=headers)
        assert (again.status_code, way.cuts) == (202, 1)
        assert again.headers.get("idempotent-replayed") == ("true" if cut == "after" else None)
        await lossy.stop()
    assert await world.db.pool.fetchval("SELECT count(*) FROM tasks") == 1
    requested = "SELECT count(*) FROM outbox WHERE topic = 'task.requested'"
    assert await world.db.pool.fetchval(requested) == 1

"""What other surfaces build on: several tasks per request, all or none, one answer for ever."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
import pytest
from catalog.catalog import Catalog
from contracts.ids import task_text
from gateway.db import keys
from gateway.db.keys import Caller
from gateway.domain.admission import Submission
from gateway.domain.facts import Balance, Closed
from gateway.domain.problem import Problem
from gateway.domain.wishes import Wish
from gateway.outbound.objects import Objects
from gateway.outbound.rate_store import RateStore
from gateway.outbound.storage import Storage
from gateway.parts.shared import shared_parts, store_address
from gateway.usecases.authenticate import hash_of
from gateway.usecases.delete_tasks import DeleteTasks
from gateway.usecases.take_order import Sent, Taken, TakeOrder
from gateway_tools import PEPPER, SEEDANCE, SEEDANCE_MICRO, Customer, World, now
from runtime.outbox.recorder import Outbox

MODEL = "doubao-seedance-2-0-fast"


def answer(submissions: Sequence[Submission]) -> bytes:
    return orjson.dumps({"prompt": "rain", "jobs": [task_text(each.task_id) for each in submissions]})


class Surface:
    """A surface called `pictures` that takes several wishes at once."""

    def __init__(self, world: World, customer: Customer) -> None:
        settings = world.settings
        objects, rates = Objects(store_address(settings)), RateStore("memory://")
        bases = (world.db, Outbox("gateway"), world.follow, objects, rates, Storage(None))
        parts = shared_parts(settings, *bases, Catalog.load())
        self.take: TakeOrder = parts.take
        self.world, self.customer = world, customer

    async def order(self, count: int, key: str | None = None, **changes: Any) -> Taken:
        digest = hash_of(self.customer.key, PEPPER.encode())
        caller: Caller = (await keys.find(self.world.db.pool, [digest]))[digest]
        sent = Sent(caller, "pictures", "req_1", "00-trace", 100, f"body of {count}", key)
        return await self.take(sent, [Wish(MODEL, SEEDANCE | changes)] * count, answer)

    async def count(self) -> int:
        sql = "SELECT count(*) FROM tasks WHERE account_id = $1"
        found: int = await self.world.db.pool.fetchval(sql, self.customer.id)
        return found


@pytest.fixture
async def surface(shared_world: World) -> Surface:
    return Surface(shared_world, await shared_world.customer("20"))


async def test_all_tasks_of_an_order_are_made_or_none(surface: Surface) -> None:
    with pytest.raises(Problem) as refused:
        await surface.order(4)
    assert (refused.value.status, refused.value.code) == (402, "insufficient_credits")
    assert refused.value.amounts_micro == {"required": 4 * SEEDANCE_MICRO, "balance": 20_000_000}
    assert await surface.count() == 0
    taken = await surface.order(3)
    assert len(set(taken.receipt.task_ids)) == await surface.count() == 3
    sql = "SELECT count(*) FROM outbox WHERE key = $1 AND topic = 'task.requested'"
    assert await surface.world.db.pool.fetchval(sql, str(surface.customer.id)) == 3
    assert (await surface.customer.credits())["available"] == 0.29


async def test_an_order_with_one_fault_makes_nothing(surface: Surface) -> None:
    with pytest.raises(Problem) as refused:
        await surface.order(2, duration=99)
    assert (refused.value.status, refused.value.param) == (422, "input.duration")
    assert await surface.count() == 0


async def test_an_orders_key_gives_all_its_tasks_and_the_same_bytes_again(surface: Surface) -> None:
    first, again = await surface.order(2, "k"), await surface.order(2, "k")
    assert (first.replayed, again.replayed) == (False, True)
    assert again.receipt == first.receipt
    assert await surface.count() == 2
    with pytest.raises(Problem) as reused:
        await surface.order(1, "k")
    assert reused.value.code == "idempotency_key_reused"
    v1 = await surface.customer.submit({"model": MODEL, "input": SEEDANCE}, "k")
    assert v1.status_code == 202  # each surface has its own keys


async def test_an_answer_that_repeats_the_request_goes_with_its_task(surface: Surface) -> None:
    taken = await surface.order(2, "k")
    await surface.world.say([_over(surface.customer, each) for each in taken.receipt.task_ids])
    await DeleteTasks(surface.world.db, Outbox("gateway"))(taken.receipt.task_ids[1:])
    with pytest.raises(Problem) as gone:
        await surface.order(2, "k")
    assert (gone.value.status, gone.value.code) == (409, "task_deleted")
    sql = "SELECT answer FROM idempotency_keys WHERE account_id = $1"
    assert await surface.world.db.pool.fetchval(sql, surface.customer.id) is None


def _over(customer: Customer, task: UUID) -> Closed:
    balance = Balance(customer.id, "credit", 20_000_000, 0, 9)
    return Closed(task, customer.id, "credit", now(), "released", "provider_failed", 0, balance)

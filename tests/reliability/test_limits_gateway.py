"""Beyond its capacity the gateway says so at once and takes nothing that it can't pass on."""

import asyncio
from typing import Any

from gateway_tools import seedance, until

from tests.gateway.conftest import make_world  # noqa: F401 -- a fixture

_ALL_SENT = """
UPDATE outbox_cursor SET (epoch, txid, id) =
    (SELECT epoch, txid, id FROM outbox ORDER BY epoch DESC, txid DESC, id DESC LIMIT 1)
"""


async def test_limits_a_full_queue_is_said_at_once(make_world: Any) -> None:
    """Without the bound in GroupCommit.submit all twenty wait, and nobody is refused."""
    world = await make_world(submit_waiting=1, submit_batch=1, submit_lanes=1)
    customer = await world.customer("1000")
    answers = await asyncio.gather(*(customer.submit(seedance()) for _ in range(20)))
    refused = [answer for answer in answers if answer.status_code == 503]
    assert refused
    assert {answer.status_code for answer in answers} == {202, 503}
    assert {answer.json()["error"]["code"] for answer in refused} == {"overloaded"}
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}
    taken = sum(answer.status_code == 202 for answer in answers)
    assert await world.db.pool.fetchval("SELECT count(*) FROM tasks") == taken


async def test_limits_no_new_task_is_taken_while_those_before_it_can_not_be_passed_on(
    make_world: Any,
) -> None:
    """No relay runs here, as if the broker were away. Without `HaveRoom` every submit gets a 202."""
    world = await make_world(most_unsent_seconds=0.2)
    customer = await world.customer("1000")
    first = await customer.submit(seedance(), "first")
    assert first.status_code == 202

    async def refused() -> Any:
        answer = await customer.submit(seedance())
        return answer if answer.status_code == 503 else None

    answer = await until(refused)
    assert (answer.json()["error"]["code"], answer.headers["retry-after"]) == ("overloaded", "10")
    count = await world.db.pool.fetchval("SELECT count(*) FROM tasks")
    assert (await customer.submit(seedance(), "first")).content == first.content
    assert (await customer.api.get("/api/v1/credits")).status_code == 200
    task = first.json()["task_id"]
    assert (await customer.api.post(f"/api/v1/tasks/{task}/cancel")).status_code == 202
    assert (await customer.submit(seedance(), "second")).status_code == 503
    assert await world.db.pool.fetchval("SELECT count(*) FROM tasks") == count

    await world.db.pool.execute(_ALL_SENT)

    async def taken() -> bool:
        return (await customer.submit(seedance(), "second")).status_code == 202

    await until(taken)

"""1: a client that got no answer sends its submit again."""

import asyncio

import httpx
import pytest
from flow_tools import seedance
from reliability_tools import LONG, arm, dead, restart

PLACES = ["gateway.committed", *(["group.committed", "relay.read", "relay.sent"] if LONG else [])]


async def test_fm01_fifty_equal_submits_at_once_make_one_task_charged_once(world) -> None:
    """Seen to fail without the look for earlier idempotency records: six tasks, one for each group commit.

    Without the comparison of fingerprints another body under the key was answered with the first one's task.
    """
    customer = await world.customer("100")
    answers = await asyncio.gather(*(customer.submit(seedance(), "the-same-key") for _ in range(50)))
    assert {a.status_code for a in answers} == {202}
    tasks = {a.json()["task_id"] for a in answers}
    assert len(tasks) == 1
    assert sum("idempotent-replayed" in a.headers for a in answers) == 49
    await customer.finished(tasks.pop())
    assert (await customer.credits())["available"] == 100 - 6.57
    other = await customer.submit(seedance("another prompt"), "the-same-key")
    assert other.status_code == 409, other.text
    assert other.json()["error"]["code"] == "idempotency_key_reused"


@pytest.mark.timeout(180)
@pytest.mark.parametrize("place", PLACES)
async def test_fm01_a_gateway_that_dies_before_it_answers_makes_one_task_of_the_submit_and_its_retry(
    world, place: str
) -> None:
    """Seen to fail without the look for earlier idempotency records: the retry was a new task."""
    customer = await world.customer("100")
    body, key = seedance(f"the answer died at {place}"), f"died-at-{place}"
    await arm(world, "gateway", f"{place}=kill:1")
    lost = asyncio.create_task(customer.submit(body, key))
    await dead(world, "gateway")
    await asyncio.wait({lost})
    if place.endswith("committed"):
        assert isinstance(lost.exception(), httpx.TransportError)
    mine = "SELECT id FROM tasks WHERE account_id = $1"
    known = await world.rows("gateway", mine, customer.id)
    assert known or place.startswith("relay.")  # a relay may have died over somebody else's news
    await restart(world, "gateway")
    again = await customer.submit(body, key)
    replayed = again.headers.get("idempotent-replayed")
    assert (again.status_code, replayed) == (202, "true" if known else None)
    assert (await customer.finished(again.json()["task_id"]))["status"] == "succeeded"
    assert (await customer.credits())["available"] == 100 - 6.57
    assert len(await world.rows("gateway", mine, customer.id)) == 1

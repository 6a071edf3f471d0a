"""17: a submit that ran out of time is no failure: the provider may have taken it."""

import pytest
from dispatcher_tools import Dispatcher
from flow_tools import seedance
from reliability_tools import LONG


async def test_fm17_an_answer_that_comes_too_late_is_no_failure(dispatcher: Dispatcher) -> None:
    """Seen to fail with a call that ran out of time taken for the provider's `Failed`: the task failed."""
    await dispatcher.start(ark={"timeout_seconds": 0.5})
    await dispatcher.simulator.set(ark={"submit_delay_seconds": 1.5})
    done = await dispatcher.completed(await dispatcher.accept())
    assert done["outcome"] == "succeeded"
    assert len(await dispatcher.simulator.jobs()) == 1


@pytest.mark.skipif(not LONG, reason="waits for a real timeout; FRAMEBUS_LONG=1")
async def test_fm17_a_task_whose_submit_ran_out_of_time_is_delivered_and_charged_once(world) -> None:
    customer = await world.customer("100")
    await world.simulate(ark={"submit_delay_seconds": 7.5})  # the stack gives it 6
    document = await customer.make(seedance("its answer is late"), 90)
    assert document["status"] == "succeeded", document
    assert document["output"]["videos"]
    assert len([job for job in await world.jobs() if job["prompt"] == "its answer is late"]) == 1
    kinds = "SELECT kind, amount_micro FROM transfers WHERE account_id = $1 ORDER BY version"
    moved = [(row["kind"], row["amount_micro"]) for row in await world.rows("ledger", kinds, customer.id)]
    assert [kind for kind, _ in moved if kind in {"freeze", "settle", "release"}] == ["freeze", "settle"]

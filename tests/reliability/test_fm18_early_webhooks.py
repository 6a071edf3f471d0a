"""18: a webhook comes before the answer to the submit is stored, even before it was given."""

from dispatcher_tools import SECRET, Callbacks, Dispatcher
from dispatcher_tools import until as soon
from flow_tools import seedance


async def test_fm18_a_webhook_before_the_answer_is_no_trouble(
    dispatcher: Dispatcher, callbacks: Callbacks
) -> None:
    await dispatcher.start(callbacks_url=callbacks.url, callback_secrets=[SECRET], ark={"poll_seconds": None})
    await dispatcher.simulator.set(ark={"submit_delay_seconds": 1.5, "delay_seconds": 0})
    task = await dispatcher.accept()
    await soon(lambda: _final(callbacks))
    assert (await dispatcher.attempts(task))[0]["status"] == "submitting"
    done = await dispatcher.completed(task, 8)
    assert done["outcome"] == "succeeded"
    assert callbacks.forged == 0
    assert len(await dispatcher.simulator.jobs()) == 1


async def _final(callbacks: Callbacks) -> bool:
    return any(report.final for report in callbacks.received)


async def test_fm18_a_provider_that_calls_back_inside_its_submit_is_heard_by_the_real_services(world) -> None:
    customer = await world.customer("100")
    await world.simulate(ark={"submit_delay_seconds": 2.0, "delay_seconds": 0})
    document = await customer.make(seedance("told before it was answered"), 60)
    assert document["status"] == "succeeded", document
    early = """SELECT w.received_at FROM webhooks w WHERE w.account_id = $1 AND w.final"""
    (webhook,) = await world.rows("callbacks", early, customer.id)
    stored = "SELECT a.submitted_at FROM attempts a JOIN jobs USING (task_id) WHERE account_id = $1"
    (attempt,) = await world.rows("dispatcher", stored, customer.id)
    assert webhook["received_at"] < attempt["submitted_at"]
    assert (await customer.credits())["available"] == 100 - 6.57

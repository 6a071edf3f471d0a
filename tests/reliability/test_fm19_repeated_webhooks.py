"""19: webhooks come twice, at the same moment, after the end, a day later."""

import asyncio

from dispatcher_tools import SECRET, Callbacks, Dispatcher
from dispatcher_tools import until as soon
from flow_tools import seedance

COUNTED = """
SELECT count(*) AS kept, count(DISTINCT (task_id, body)) AS different,
       (SELECT count(*) FROM outbox WHERE topic = 'provider.reported' AND key = $1) AS said
FROM webhooks WHERE account_id = $1::text::uuid
"""


async def test_fm19_doubled_webhooks_change_nothing(world) -> None:
    """Seen to fail with a key that makes each delivery news: 6 were kept of 3."""
    customer = await world.customer("100")
    await world.simulate(ark={"webhooks": "double"})
    document = await customer.make(seedance("every webhook twice"), 60)
    assert document["status"] == "succeeded"
    (counted,) = await world.rows("callbacks", COUNTED, customer.id)
    assert counted["kept"] == counted["different"] >= counted["said"] > 0
    assert (await customer.credits())["available"] == 100 - 6.57


async def test_fm19_doubled_webhooks_are_one_word_of_the_dispatcher(
    dispatcher: Dispatcher, callbacks: Callbacks
) -> None:
    """Seen to fail with webhooks that are believed, each a last word, in place of asking: seven words."""
    await dispatcher.start(callbacks_url=callbacks.url, callback_secrets=[SECRET])
    await dispatcher.simulator.set(ark={"webhooks": "double"})
    task = await dispatcher.accept()
    await dispatcher.completed(task)
    await dispatcher.apply(*callbacks.received, *callbacks.received)
    assert await soon(lambda: _no_work(dispatcher))
    assert len(await dispatcher.said(task, "provider.completed")) == 1


async def _no_work(dispatcher: Dispatcher) -> bool:
    return await dispatcher.work_rows() == 0


async def test_fm19_five_at_once_five_after_the_end_and_five_a_day_later_are_one_webhook(world) -> None:
    """Seen to fail with a key that makes each delivery news: 5 were kept and said."""
    customer = await world.customer("100")
    await world.simulate(ark={"webhooks": "off"})
    document = await customer.make(seedance("told again and again"), 60)
    (job,) = [job for job in await world.jobs() if job["prompt"] == "told again and again"]
    body = {"id": job["id"], "status": "succeeded"}
    for _ in range(2):
        answers = await asyncio.gather(
            *(world.simulator.post(job["callback_url"], json=body) for _ in range(5))
        )
        assert {answer.status_code for answer in answers} == {200}
        (counted,) = await world.rows("callbacks", COUNTED, customer.id)
        assert (counted["kept"], counted["said"]) == (1, 1)
        await world.rows(
            "callbacks",
            "UPDATE webhooks SET received_at = received_at - interval '1 day' WHERE account_id = $1",
            customer.id,
        )
    assert await customer.task(document["task_id"]) == document
    assert (await customer.credits())["available"] == 100 - 6.57

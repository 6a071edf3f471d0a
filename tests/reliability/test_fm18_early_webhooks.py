"""18: a webhook comes before the answer to the submit is stored, even before it was given."""

import pytest
from dispatcher.domain.facts import Fact, Reported
from dispatcher_tools import SECRET, Callbacks, Dispatcher
from flow_tools import picture, seedance, uuid_of


async def test_fm18_a_webhook_before_the_answer_is_no_trouble(
    dispatcher: Dispatcher, callbacks: Callbacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to the submit comes when the webhook of the job's end was taken.

    Seen to fail with hints about attempts that say `submitting` dropped: nobody asked for ten minutes.
    """
    early, apply = list[str](), dispatcher.apply

    async def noted(*facts: Fact) -> None:
        for fact in facts:
            if isinstance(fact, Reported) and fact.final:
                early.extend(each["status"] for each in await dispatcher.attempts(fact.task_id))
        await apply(*facts)

    monkeypatch.setattr(dispatcher, "apply", noted)
    patience = {"absent_after_seconds": 60.0, "uncertain_after_seconds": 120.0}
    await dispatcher.start(
        callbacks_url=callbacks.url, callback_secrets=[SECRET], ark={"poll_seconds": 600}, **patience
    )
    await dispatcher.simulator.set(ark={"answer_after_webhook_next": 1, "delay_seconds": 0})
    task = await dispatcher.accept()
    done = await dispatcher.completed(task)
    assert done["outcome"] == "succeeded"
    assert early[0] == "submitting"
    assert (await dispatcher.attempts(task))[0]["polls"] == 1
    assert callbacks.forged == 0
    assert len(await dispatcher.simulator.jobs()) == 1


async def test_fm18_a_provider_that_calls_back_inside_its_submit_is_heard_by_the_real_services(world) -> None:
    """Of a provider whose word is waited for. Seen to fail with hints about attempts that say `submitting`
    dropped: it was never asked, and the task never ended.
    """
    customer = await world.customer("100")
    driving = (await customer.make(seedance(resolution="480p", duration=4)))["output"]["videos"][0]["url"]
    before = (await customer.credits())["available"]
    await world.simulate(replicate={"answer_after_webhook_next": 1, "delay_seconds": 0})
    given = {"image_url": picture((200, 160, 120)), "video_url": driving, "frames": 41}
    document = await customer.make({"model": "liveportrait", "input": given}, 60)
    assert document["status"] == "succeeded", document
    early = "SELECT received_at FROM webhooks WHERE task_id = $1 AND final"
    (webhook,) = await world.rows("callbacks", early, uuid_of(document["task_id"]))
    stored = "SELECT submitted_at, polls FROM attempts WHERE task_id = $1"
    (attempt,) = await world.rows("dispatcher", stored, uuid_of(document["task_id"]))
    assert webhook["received_at"] < attempt["submitted_at"]
    assert attempt["polls"] == 1
    paid = before - (await customer.credits())["available"]
    assert round(paid, 6) == round(document["cost_actual"] * 100, 6)

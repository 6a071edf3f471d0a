"""20: webhooks are lost. A task's row says when its job is looked at next, webhook or not."""

from typing import Any

import pytest
from dispatcher_tools import SECRET, Callbacks, Dispatcher, until

TASKS = 10


@pytest.mark.parametrize("share", [0.3, 1.0])
async def test_fm20_lost_webhooks_are_made_up_for_by_polls(
    dispatcher: Dispatcher, callbacks: Callbacks, share: float
) -> None:
    """Failed, at both shares, with `Desk.next_poll` a day away wherever a webhook will come: never ended."""
    await dispatcher.start(callbacks_url=callbacks.url, callback_secrets=[SECRET])
    order = {"seed": 20, "shares": {"webhook_lost": share}}
    assert (await dispatcher.simulator.http.put("/_control/faults", json=order)).status_code == 200
    tasks = [await dispatcher.accept(f"street {n}") for n in range(TASKS)]
    for task in tasks:
        assert (await dispatcher.completed(task))["outcome"] == "succeeded"

    async def lost() -> Any:
        made = (await dispatcher.simulator.http.get("/_control/faults")).json()["made"]
        return made.get("ark", {}).get("webhook_lost", 0)

    async def all_drawn() -> Any:
        return await lost() == 3 * TASKS if share == 1 else callbacks.received and await lost()

    await until(all_drawn)  # a poll may be quicker than the webhook of the same news
    assert bool(callbacks.received) == (share < 1)
    assert await lost() < 3 * TASKS or share == 1
    assert len(await dispatcher.simulator.jobs()) == TASKS

    async def done() -> Any:
        return await dispatcher.work_rows() == 0

    await until(done)

"""38: a handler's error is swallowed. Only hooks after the commit may fail unheard, and they only hurry."""

from contracts.events import CreditsGranted
from runtime.outbox.recorder import Outbox
from runtime.outbox.relay import Relay
from runtime_fixtures import effects, grant, has, ids_of, keep, until


async def test_fm38_a_hook_that_fails_loses_nothing_that_was_written_down(db, kafka, topic, make_bus) -> None:
    """Nobody wakes the relay: it looks by itself every `idle_seconds`.

    Failed without that look: what a failing hook was for was never sent.
    """
    await make_bus(db, keep)
    relay = Relay(db, service="gateway", bootstrap=kafka, idle_seconds=0.2)
    await relay.start()

    async def nudge() -> None:
        raise RuntimeError("a hook that fails")

    for _ in range(5):  # one after the other: each finds the relay at rest
        message = grant()
        async with db.transaction() as tx:
            await Outbox("gateway", nudge).record(tx, [message])
        await until(lambda message=message: has(db, [message]), "the effect of what was written down")
    await relay.stop()
    assert topic


async def test_fm38_a_handler_that_fails_is_tried_again_and_its_neighbours_are_not_lost(
    db, say, make_bus
) -> None:
    """Failed with the error of `apply` caught in `Batches._commit`: no effect was there."""
    failures = 3

    async def flaky(tx: object, facts: list[CreditsGranted]) -> None:
        nonlocal failures
        if failures:
            failures -= 1
            raise OSError("something that is away")
        await keep(tx, facts)

    await make_bus(db, flaky)
    messages = [grant() for _ in range(20)]
    await say(messages)
    await until(lambda: has(db, messages), "every effect")
    assert sorted(await effects(db)) == sorted(ids_of(messages))
    assert failures == 0

"""3: the relay sends and dies before its cursor has moved: records come twice, effects do not."""

import asyncio

import pytest
from flow_tools import seedance
from reliability_tools import LONG, arm, dead, restart
from runtime import failpoints
from runtime.outbox.relay import Relay
from runtime_fixtures import grant, ids_of, record, until
from topic_reader import Reader

DEATHS = 100 if LONG else 1


async def test_fm03_a_relay_that_fails_after_sending_sends_again_under_the_same_ids(
    db, kafka, reader: Reader
) -> None:
    """Seen to fail with ids made at the send: ten ids of five events."""
    messages = [grant() for _ in range(5)]
    await record(db, messages)
    failpoints.arm("relay.sent=fail:1")
    relay = Relay(db, service="gateway", bootstrap=kafka, idle_seconds=0.05)
    await relay.start()
    await until(lambda: relay.sent == 5, "the records again")
    await relay.stop()
    said = await until(lambda: _said_twice(reader, ids_of(messages)), "each record twice")
    assert len(said) == 10
    assert len(set(said)) == 5


async def _said_twice(reader: Reader, wanted: set[str]) -> list[str]:
    """The ids of the wanted records once all were seen twice; the topic is everybody's."""
    await reader.subjects()
    headers = [dict(r.headers) for r in reader.records]
    said = [h["ce_id"].decode() for h in headers if h.get("ce_subject", b"").decode() in wanted]
    return said if len(said) >= 2 * len(wanted) else []


@pytest.mark.timeout(1200)
async def test_fm03_a_request_that_is_said_twice_is_frozen_sent_and_charged_once(world) -> None:
    """Seen to fail with a ledger that freezes for each request that it hears: it never got past the repeat
    (`LockBroken`), and what was said last never ended.
    """
    customer = await world.customer("1000")
    for n in range(DEATHS):
        await arm(world, "gateway", "relay.sent=kill:1")
        submitted = asyncio.create_task(customer.submit(seedance(f"said twice {n}"), f"said-twice-{n}"))
        await dead(world, "gateway")
        await asyncio.wait({submitted})
        submitted.exception()  # it may have been answered or not: the retry finds out
        await restart(world, "gateway")
        again = await customer.submit(seedance(f"said twice {n}"), f"said-twice-{n}")
        assert (await customer.finished(again.json()["task_id"]))["status"] == "succeeded"
    last = await customer.make(seedance("said last"))  # behind the repeats in their partition
    assert last["status"] == "succeeded"
    jobs = [job for job in await world.jobs() if job["prompt"].startswith("said twice")]
    assert len(jobs) == DEATHS
    freezes = "SELECT count(*) AS n FROM transfers WHERE account_id = $1 AND kind = 'freeze'"
    assert (await world.rows("ledger", freezes, customer.id))[0]["n"] == DEATHS + 1
    available = (await customer.credits())["available"]
    assert round(available * 1_000_000) == 1000_000_000 - (DEATHS + 1) * 6_570_000
    await world.books_are_right()

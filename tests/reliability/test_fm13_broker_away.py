"""13: the broker is down, restarts, or hangs. The outbox keeps what is said until it is back."""

import asyncio
import signal
import time

import own_servers
import pytest
from reliability_tools import LONG
from runtime.bus.watch import QUIET_SECONDS
from runtime.outbox import relay as relay_module
from runtime.outbox.relay import Relay
from runtime_fixtures import effects, grant, has, ids_of, keep, record, until
from stack import control

# In the place of the shared ones.
database, kafka, kafka_topic = own_servers.database, own_servers.kafka, own_servers.kafka_topic
relay = own_servers.relay
OUTAGE_SECONDS = 4 * QUIET_SECONDS
"""Long past the timeouts of a request, a session and a rebalance, and of what looks for stalled readers."""


async def test_fm13_a_restart_of_the_broker_is_survived(db, relay, make_bus, own_home, monkeypatch) -> None:
    """Seen to fail with the cursor moved before the send, and with a relay that ends with its first error:
    what was written meanwhile never came. Without `fail_all` in `_close` the relay never gave up its try.
    """
    monkeypatch.setattr(relay_module, "_ACKNOWLEDGED_SECONDS", 1)
    bus = await make_bus(db, keep)
    before, during = [grant() for _ in range(20)], [grant() for _ in range(20)]
    await record(db, before)
    await until(lambda: has(db, before), "the first effects")
    control.kill("kafka", state=own_home)
    await record(db, during)
    await until(lambda: relay.unready() is not None, "the relay has given up a try")
    await asyncio.to_thread(control.restart, "kafka", own_home)
    await until(lambda: has(db, during), "the effects of what was written meanwhile", 60)
    await until(lambda: bus.unready() is None and relay.unready() is None, "both are well")
    assert bus.fault() is None


@pytest.mark.usefixtures("topic")
async def test_fm13_a_broker_that_hangs_does_not_keep_a_relay_from_stopping(
    db, kafka, own_home, monkeypatch
) -> None:
    """Seen to fail without a bound of the stop: it took a minute. `fail_all` is held by the test above."""
    monkeypatch.setattr(relay_module, "_STOP_SECONDS", 1)
    own = Relay(db, service="gateway", bootstrap=kafka, idle_seconds=0.05)
    await own.start()
    await record(db, [grant()])
    await until(lambda: own.sent == 1, "it sends")
    control.kill("kafka", signal.SIGSTOP, state=own_home)
    try:
        await record(db, [grant()])
        async with asyncio.timeout(30):
            await own.stop()
    finally:
        control.kill("kafka", signal.SIGCONT, state=own_home)


@pytest.mark.skipif(not LONG, reason="minutes without a broker; FRAMEBUS_LONG=1")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["stopped", "hung"])
async def test_fm13_minutes_without_a_broker_under_load_lose_nothing_and_need_nobodys_hand(
    db, relay, make_bus, own_home, how: signal.Signals
) -> None:
    bus = await make_bus(db, keep)
    said = [grant() for _ in range(20)]
    await record(db, said)
    await until(lambda: has(db, said), "the first effects")
    control.kill("kafka", how, state=own_home)
    end = time.monotonic() + OUTAGE_SECONDS
    while time.monotonic() < end:
        said += (more := [grant() for _ in range(5)])
        await record(db, more)
        await asyncio.sleep(0.2)
    if how is signal.SIGSTOP:
        control.kill("kafka", signal.SIGCONT, state=own_home)
    else:
        await asyncio.to_thread(control.restart, "kafka", own_home)
    await until(lambda: has(db, said), "the effects of what was written meanwhile", 120)
    said += (more := [grant() for _ in range(20)])
    await record(db, more)
    await until(lambda: has(db, said), "the effects of what came afterwards", 60)
    await until(lambda: bus.unready() is None and relay.unready() is None, "both are well", 60)
    assert bus.fault() is None
    # A broker that hung may have taken what several tries sent; natural keys make the repeats harmless.
    assert set(await effects(db)) == ids_of(said)

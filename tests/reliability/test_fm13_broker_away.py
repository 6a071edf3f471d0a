"""13: the broker is down, restarts, or hangs. The outbox keeps what is said until it is back."""

import asyncio
import signal
import time

import own_servers
from runtime.outbox import relay as relay_module
from runtime.outbox.relay import Relay
from runtime_fixtures import grant, has, keep, record, until
from stack import control

# In the place of the shared ones.
database, kafka, kafka_topic = own_servers.database, own_servers.kafka, own_servers.kafka_topic
relay = own_servers.relay


async def test_fm13_a_restart_of_the_broker_is_survived(db, relay, make_bus, own_home) -> None:
    bus = await make_bus(db, keep)
    before, during = [grant() for _ in range(20)], [grant() for _ in range(20)]
    await record(db, before)
    await until(lambda: has(db, before), "the first effects")
    control.kill("kafka", state=own_home)
    await record(db, during)
    await asyncio.to_thread(control.restart, "kafka", own_home)
    await until(lambda: has(db, during), "the effects of what was written meanwhile", 60)
    await until(lambda: bus.unready() is None and relay.unready() is None, "both are well")
    assert bus.fault() is None


async def test_fm13_a_broker_that_hangs_does_not_keep_a_relay_from_stopping(
    db, kafka, own_home, monkeypatch
) -> None:
    monkeypatch.setattr(relay_module, "_STOP_SECONDS", 1)
    own = Relay(db, service="gateway", bootstrap=kafka, idle_seconds=0.05)
    await own.start()
    await until(lambda: own._leading, "it leads")
    control.kill("kafka", signal.SIGSTOP, state=own_home)
    try:
        await record(db, [grant()])
        began = time.monotonic()
        await own.stop()
        assert time.monotonic() - began < 5
    finally:
        control.kill("kafka", signal.SIGCONT, state=own_home)

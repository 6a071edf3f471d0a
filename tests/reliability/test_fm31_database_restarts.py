"""31: the database restarts under a relay and a reader, which find their way back by themselves."""

import asyncio

import own_servers
from runtime_fixtures import grant, has, keep, record, until
from stack import control

# In the place of the shared ones.
database, kafka, kafka_topic = own_servers.database, own_servers.kafka, own_servers.kafka_topic
relay = own_servers.relay


async def test_fm31_a_restart_of_postgres_is_survived(db, relay, make_bus, own_home) -> None:
    """Failed with a relay that ends with its first lost connection: what came after was never sent."""
    bus = await make_bus(db, keep)
    before, after = [grant() for _ in range(20)], [grant() for _ in range(20)]
    await record(db, before)
    await asyncio.to_thread(control.restart, "postgres", own_home)
    await record(db, after)
    await until(lambda: has(db, before + after), "every effect")
    await until(lambda: bus.unready() is None and relay.unready() is None, "both are well")

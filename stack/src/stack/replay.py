"""`python -m stack replay`: the broker has lost its records, and the services' outboxes fill it again.

Consumers and producers stop first, so that nobody works on half of what was said; the topics that are made
have new ids, under which no offset is stored: every reader begins at the beginning.
"""

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence

from runtime.bus.topics import create_topics
from runtime.outbox import replay as outbox
from stack import processes
from stack.environment import SERVICES
from stack.errors import StackError
from stack.external import External
from stack.paths import Home
from stack.processes import Record
from stack.servers import ServerSet

Say = Callable[[str], None]
_STOP_SECONDS = 15.0
_READY_SECONDS = 180.0  # a broker that begins with nothing takes its time to coordinate groups


async def replay(home: Home, say: Say) -> None:
    """Stop the services, have a broker with every topic, send all outboxes again, start the services.

    StackError when no service was started, or one doesn't come back.
    """
    with home.locked("up"), home.locked("servers"):
        found = processes.records(home)
        services = [record for record in found.values() if _service(record)]
        if not services:
            raise StackError("no service is started: there is nothing to send again (see `make up`)")
        await asyncio.gather(*(_stop(home, record) for record in services))
        say(f"{len(services)} processes of the services stopped")
        await _broker(home, found.get("kafka"), say)
        for name in SERVICES:
            await _refill(name, services, say)
        await asyncio.gather(
            *(processes.start(home, record.spec, within=_READY_SECONDS) for record in services)
        )
        say("the services read and send again")


def _service(record: Record) -> bool:
    """Whether it is a process of a service: the simulator and the servers stay as they are."""
    return record.spec.argv[2:3] != () and record.spec.argv[2] in SERVICES


async def _stop(home: Home, record: Record) -> None:
    """In its own way; a process that waits for a broker that is gone is killed: it has nothing to lose."""
    processes.send(record, record.spec.stop_signal)
    await processes.gone(record, _STOP_SECONDS)
    processes.send(record, signal.SIGKILL)
    await processes.stop(home, record.spec.name)


async def _broker(home: Home, kafka: Record | None, say: Say) -> None:
    """A broker on a data folder, with every topic; the one whose folder was taken away has to go."""
    servers = ServerSet(home, external=External())
    emptied = "kafka" in servers.own() and not (home.data / "kafka" / "log" / "meta.properties").exists()
    if emptied and kafka is not None:
        processes.send(kafka, signal.SIGKILL)
        await processes.stop(home, "kafka")
    await servers.start_kafka()
    made = await create_topics(servers.addresses().kafka_bootstrap)
    say(f"Kafka serves; {made} topics had to be made")


async def _refill(name: str, services: Sequence[Record], say: Say) -> None:
    """Have a service's relay begin at its first row."""
    dsn = next((dsn for record in services if (dsn := _dsn(name, record.spec.environment))), None)
    if dsn is None:
        return
    try:
        say(f"{name}: {await outbox.run(dsn)}")
    except outbox.ReplayRefused as refused:
        say(f"{name}: {refused}")


def _dsn(name: str, environment: Mapping[str, str]) -> str | None:
    return environment.get(f"{name.upper()}_DATABASE_DSN")

"""A small service in a process of its own: says grants, hears them, and does a little work for each."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from uuid import uuid4

from contracts import topics
from pydantic_settings import SettingsConfigDict
from runtime.bus.consumer import Bus
from runtime.cli import Built, service_cli
from runtime.db import Database, Tx
from runtime.outbox.recorder import Outbox
from runtime.outbox.relay import Relay
from runtime.recovery.recover import Restore
from runtime.settings import StreamSettings
from runtime.work import table
from runtime.work.worker import Worker
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse

sys.path.insert(0, str(Path(__file__).parent))
from runtime_fixtures import TOPIC, grant, keep, own_topics

HALT = 666
"""The amount of a record over which the process stops (SIGSTOP), until somebody lets it go on."""


class Settings(StreamSettings):
    """Read from CHILD_…"""

    model_config = SettingsConfigDict(env_prefix="CHILD_")
    group: str
    instance: str | None = None
    session_seconds: float = 6


def build(settings: Settings, _: frozenset[str]) -> Built:
    db = Database(settings.database_dsn.get_secret_value(), name="child", pool_size=5)
    relay = Relay(db, service="gateway", bootstrap=settings.kafka_bootstrap)
    outbox = Outbox("gateway", nudge=relay.nudge)
    bus = Bus(
        db,
        outbox,
        service="gateway",
        bootstrap=settings.kafka_bootstrap,
        translators={TOPIC: translate},
        apply=keep,
        group=settings.group,
        instance=settings.instance,
        max_records=20,
        session_seconds=settings.session_seconds,
    )

    async def handle(claim: table.Claim) -> None:
        await asyncio.sleep(0.2)
        async with db.transaction() as tx:
            await table.complete(tx, [claim])

    async def write(tx: Tx, count: int) -> None:
        messages = [grant() for _ in range(count)]
        await outbox.record(tx, messages)
        await table.add(tx, [table.NewWork(uuid4(), "copy", uuid4()) for _ in messages])

    async def say(request: Request) -> PlainTextResponse:
        async with db.transaction() as tx:
            await write(tx, request.path_params["count"])
        return PlainTextResponse(str(request.path_params["count"]))

    async def commit_and_die(request: Request) -> PlainTextResponse:
        async with db.transaction() as tx:
            tx.after_commit("die", lambda: os.kill(os.getpid(), signal.SIGKILL))
            await write(tx, request.path_params["count"])
        raise AssertionError("it has died")

    async def slow(_: Request) -> PlainTextResponse:
        await asyncio.sleep(1)
        return PlainTextResponse("answered")

    app = Starlette()
    app.add_route("/say/{count:int}", say, methods=["POST"])
    app.add_route("/commit-and-die/{count:int}", commit_and_die, methods=["POST"])
    app.add_route("/slow", slow)
    worker = Worker(db, "copy", handle, concurrency=8, lease_seconds=60)
    return Built([db, relay, bus, worker], app)


def translate(event, _):
    if event.amount_micro == HALT:
        sys.stdout.write("decoding\n")
        sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGSTOP)
    return event


cli = service_cli(
    "child",
    settings=Settings,
    build=build,
    restore=lambda _: Restore({}, keep),
    roles=("consumer",),
    migrations=Path(),
)

if __name__ == "__main__":
    topics.TOPICS = own_topics()
    cli()

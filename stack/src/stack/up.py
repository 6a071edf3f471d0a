"""`make up`: servers, schemas, topics, simulator, services, demo account; returns when all of it serves."""

import asyncio
import json
import os
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from runtime import migrate
from runtime.bus.topics import create_topics
from stack import processes
from stack.deployment import describe, service_spec, simulator_spec
from stack.environment import SERVICES, Deployment
from stack.errors import StackError
from stack.external import External
from stack.paths import PROJECT, Home
from stack.seed import Keys, seed, seeded, wait_for_credits
from stack.servers import ServerSet

Say = Callable[[str], None]


async def up(home: Home, given: Mapping[str, str], say: Say) -> dict[str, object]:
    """Bring up what is down, restart what has other settings, and return what `stack.json` says."""
    with home.locked("up"), home.locked("servers"):
        return await Up(home, given, say).run()


class Up:
    """One run of `make up`."""

    def __init__(self, home: Home, given: Mapping[str, str], say: Say) -> None:
        self._home = home
        self._given = given
        self._say = say
        self._began = time.monotonic()
        self._servers = ServerSet(home, external=External())
        self._deployment: Deployment = describe(home, self._servers.addresses())

    async def run(self) -> dict[str, object]:
        """Start everything that doesn't wait for each other side by side."""
        await _all(self._database(), self._broker(), self._servers.start_s3(), self._simulator())
        keys, _ = await asyncio.gather(self._seeded(), _all(*(self._service(name) for name in SERVICES)))
        await wait_for_credits(self._home, self._deployment.url("gateway"), keys.api_key)
        facts = self._facts(keys)
        _write(self._home, facts)
        return facts

    async def _database(self) -> None:
        await self._servers.start_postgres()
        self._tell("PostgreSQL serves")
        for name in SERVICES:
            await asyncio.to_thread(_migrate, name, self._deployment.dsns[name])
        self._tell("the services' schemas are up to date")

    async def _broker(self) -> None:
        await self._servers.start_kafka()
        await create_topics(self._deployment.servers.kafka_bootstrap)
        self._tell("Kafka serves, with every topic")

    async def _simulator(self) -> None:
        await self._ensure(simulator_spec(self._home, self._deployment, self._given))

    async def _service(self, name: str) -> None:
        await self._ensure(service_spec(name, self._deployment, self._given))

    async def _ensure(self, spec: processes.Spec) -> None:
        started = await processes.ensure(self._home, spec)
        self._tell(f"{spec.name} {'serves' if started else 'was already serving'} on port {spec.port}")

    async def _seeded(self) -> Keys:
        known = seeded(self._home)
        if known:
            return known
        gateway = service_spec("gateway", self._deployment, self._given)
        keys = await seed(self._home, {**os.environ, **gateway.environment})
        self._tell("the demo account, its key and its credits are made")
        return keys

    def _tell(self, what: str) -> None:
        self._say(f"{time.monotonic() - self._began:5.1f} s  {what}")

    def _facts(self, keys: Keys) -> dict[str, object]:
        deployment, servers = self._deployment, self._deployment.servers
        return {
            "gateway_url": deployment.url("gateway"),
            "callbacks_url": deployment.url("callbacks"),
            "simulator_url": deployment.url("simulator"),
            "api_key": keys.api_key,
            "poor_api_key": keys.poor_api_key,
            "admin_key": keys.admin_key,
            "kafka_bootstrap": servers.kafka_bootstrap,
            "s3_endpoint": servers.s3_endpoint,
            "s3_bucket": servers.s3_bucket,
            "s3_access_key": servers.s3_access_key,
            "s3_secret_key": servers.s3_secret_key,
            "postgres": dict(deployment.dsns),
            "services": {name: deployment.url(name) for name in SERVICES},
        }


async def _all(*works: Coroutine[Any, Any, None]) -> None:
    """Wait for all of them, also when one fails; then raise one StackError that carries every complaint."""
    results = await asyncio.gather(*works, return_exceptions=True)
    faults = [result for result in results if result is not None]
    for fault in faults:
        if not isinstance(fault, StackError):
            raise fault
    if faults:
        raise StackError("\n\n".join(str(fault) for fault in faults))


def _migrate(name: str, dsn: str) -> None:
    try:
        migrate.upgrade(dsn, PROJECT / "services" / name / "migrations")
    except (
        Exception
    ) as fault:  # whatever alembic or the database says, the user needs to know whose schema it is
        raise StackError(f"migrating {name}'s database failed: {type(fault).__name__}: {fault}") from fault


def _write(home: Home, facts: Mapping[str, object]) -> None:
    file = home.state / "stack.json"
    draft = file.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(facts, out, indent=2)
        out.write("\n")
    draft.replace(file)

"""The three servers, for `make up` and for the test suite: found if they run, started if they don't."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from stack import databases, processes
from stack.aside import run_sync
from stack.errors import StackError
from stack.external import External
from stack.kafka import CONTROLLER, Kafka
from stack.paths import CACHE, Home
from stack.ports import assign
from stack.postgres import Postgres
from stack.s3 import ACCESS_KEY, BUCKET, S3, ensure_bucket

NAMES = ("postgres", "kafka", "s3")


@dataclass(frozen=True, slots=True)
class Servers:
    """How to reach the servers; the fields of a server that wasn't asked for are empty."""

    kafka_bootstrap: str = ""
    s3_endpoint: str = ""
    s3_access_key: str = ""
    s3_secret_key: str = ""
    s3_bucket: str = ""
    postgres_admin_dsn: str = ""


def start_servers(
    root: Path, names: Collection[str] = NAMES, *, external: External | None = None, cache: Path = CACHE
) -> Servers:
    """Start the named servers with their state under `root`, or find them running; they outlive us.

    `external` names servers to use instead (for example `External()`, read from the environment).
    StackError says what the user can do about it.
    """
    home = Home(Path(root).absolute())
    with home.locked("servers"):
        return run_sync(ServerSet(home, names, external, cache).start())


def stop_servers(root: Path) -> None:
    """Stop the servers under `root` that run; their data stay."""
    home = Home(Path(root).absolute())
    if home.run.exists():
        with home.locked("servers"):
            run_sync(_stop(home))


async def _stop(home: Home) -> None:
    for name in reversed(NAMES):
        await processes.stop(home, name)


def own_names(external: External) -> list[str]:
    """Return the servers that the stack runs itself, in starting order."""
    theirs = {
        "postgres": external.postgres_dsn,
        "kafka": external.kafka_bootstrap,
        "s3": external.s3_endpoint,
    }
    return [name for name in NAMES if not theirs[name]]


class ServerSet:
    """The servers of one home, external ones in the place of our own."""

    def __init__(
        self,
        home: Home,
        names: Collection[str] = NAMES,
        external: External | None = None,
        cache: Path = CACHE,
    ) -> None:
        if unknown := set(names) - set(NAMES):
            raise StackError(f"unknown server: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
        home.make()
        self._home = home
        self._names = names
        self._external = external or External.model_construct()
        running = [name for name, record in processes.records(home).items() if record.alive]
        kept = [*running, CONTROLLER] if "kafka" in running else running
        ports = assign(home, [*NAMES, CONTROLLER], running=kept)
        self._postgres = Postgres(home, ports["postgres"])
        self._kafka = Kafka(home, ports["kafka"], ports[CONTROLLER], cache)
        self._s3 = S3(home, ports["s3"], cache)

    def own(self) -> list[str]:
        """Return the names of the servers that the stack runs itself, in starting order."""
        return [name for name in own_names(self._external) if name in self._names]

    def addresses(self) -> Servers:
        """Return how to reach them."""
        ext, names = self._external, self._names
        store = (self._s3.endpoint, ACCESS_KEY, self._s3.secret_key, BUCKET)
        if ext.s3_endpoint:
            store = (ext.s3_endpoint, ext.s3_access_key, ext.s3_secret_key, ext.s3_bucket)
        kafka = (ext.kafka_bootstrap or self._kafka.bootstrap) if "kafka" in names else ""
        postgres = (ext.postgres_dsn or self._postgres.admin_dsn) if "postgres" in names else ""
        return Servers(kafka, *(store if "s3" in names else ("", "", "", "")), postgres)

    async def start(self) -> Servers:
        """Start all of them side by side and return their addresses."""
        starts = {"postgres": self.start_postgres, "kafka": self.start_kafka, "s3": self.start_s3}
        await asyncio.gather(*(starts[name]() for name in self._names))
        return self.addresses()

    async def start_postgres(self) -> None:
        """Have PostgreSQL ready, with the services' roles and databases."""
        if "postgres" in self.own():
            await processes.ensure(self._home, await asyncio.to_thread(self._postgres.prepare))
        await databases.provision(self.addresses().postgres_admin_dsn, databases.passwords(self._home))

    async def start_kafka(self) -> None:
        """Have the broker ready."""
        if "kafka" in self.own():
            await processes.ensure(self._home, await asyncio.to_thread(self._kafka.prepare))
            self._kafka.archive.make_in_background()

    async def start_s3(self) -> None:
        """Have the object store ready, with its bucket."""
        if "s3" in self.own():
            await processes.ensure(self._home, await asyncio.to_thread(self._s3.prepare))
            self._s3.archive.make_in_background()
        to = self.addresses()
        await ensure_bucket(to.s3_endpoint, to.s3_access_key, to.s3_secret_key, to.s3_bucket)

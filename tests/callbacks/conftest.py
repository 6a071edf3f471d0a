"""The service over its own database, spoken to as a provider would."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from callbacks.app import SERVICE, http_app, reception
from callbacks.settings import Settings
from pydantic import SecretStr
from runtime.db import Database
from runtime.outbox.recorder import Outbox

sys.path.insert(0, str(Path(__file__).parent))

from callback_addresses import OLD_SECRET, SECRET
from delivery_tools import Sender
from receiver import Receiver, receiving


@pytest.fixture
def settings() -> Settings:
    return Settings(
        environment="dev",
        database_dsn=SecretStr("postgresql://unused/unused"),
        kafka_bootstrap="unused:9",
        callback_secrets=(SecretStr(SECRET), SecretStr(OLD_SECRET)),
        signing_key=SecretStr("the service's own"),
    )


async def no_keys(url: str) -> str:
    raise AssertionError(f"nothing is to be fetched from {url}")


@pytest.fixture
async def db(open_db: Callable[[str], Awaitable[Database]]) -> Database:
    return await open_db("callbacks")


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A customer's server."""
    async with receiving() as made:
        yield made


@pytest.fixture
def sender(settings: Settings, db: Database, receiver: Receiver) -> Sender:
    """The delivering side; of all private addresses it may call the receiver's alone."""
    quick = {
        "allowed_hosts": (receiver.address,),
        "delivery_delays": (0.05,),
        "delivery_timeout_seconds": 5.0,
        "worker_idle_seconds": 0.02,
    }
    return Sender(db, settings.model_copy(update=quick))


@pytest.fixture
async def client(settings: Settings, db: Database) -> AsyncIterator[httpx.AsyncClient]:
    app = http_app(reception(settings, db, Outbox(SERVICE), no_keys))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://callbacks") as made:
        yield made

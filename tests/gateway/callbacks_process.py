"""Callbacks beside a gateway, on a socket of its own: its internal routes and a worker that delivers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from callbacks.app import SERVICE, customers, http_app, make_post, make_worker, reception
from callbacks.outbound.key_sets import KeySets
from callbacks.settings import Settings
from pydantic import SecretStr
from runtime.db import Database
from runtime.outbox.recorder import Outbox

TOKEN = "service-token"


def settings_of(allowed: tuple[str, ...]) -> Settings:
    return Settings(
        environment="dev",
        database_dsn=SecretStr("postgresql://unused/unused"),
        kafka_bootstrap="unused:9",
        callback_secrets=(SecretStr("s"),),
        signing_key=SecretStr("the service's own"),
        service_token=SecretStr(TOKEN),
        allowed_hosts=allowed,
        delivery_delays=(0.05,),
        worker_idle_seconds=0.02,
        max_endpoints=3,
    )


@asynccontextmanager
async def callbacks_beside(db: Database, allowed: tuple[str, ...]) -> AsyncIterator[str]:
    """The service's address while the context lasts."""
    settings = settings_of(allowed)
    app = http_app(reception(settings, db, Outbox(SERVICE), KeySets(())), customers(settings, db))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    post = make_post(settings)
    worker = make_worker(settings, db, Outbox(SERVICE), post)
    await worker.start()
    try:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        await worker.stop()
        await post.stop()
        server.should_exit = True
        await serving

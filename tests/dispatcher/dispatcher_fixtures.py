"""A dispatcher on a database of its own, a real simulator, and a stand-in for callbacks."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import httpx
import pytest
from aiohttp import web
from dispatcher.domain.facts import Reported
from dispatcher_tools import SECRET, Callbacks, Dispatcher, Simulator, free_port
from providers import tokens
from providers.adapter import adapter
from runtime.db import Database


@pytest.fixture(scope="session")
def simulator_url() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "simulator", "--port", str(port)]
    env = {**os.environ, "SIM_DELAY_SECONDS": "0.2", "SIM_RENDER": "cached"}
    process = subprocess.Popen(command, env=env)
    url = f"http://127.0.0.1:{port}"
    for _ in range(400):
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/readyz").status_code == 200:
                break
        time.sleep(0.05)
    yield url
    process.kill()  # it has nothing to lose, and draining takes its time
    process.wait()


@pytest.fixture
async def simulator(simulator_url: str) -> AsyncIterator[Simulator]:
    async with httpx.AsyncClient(base_url=simulator_url, timeout=30) as http:
        await http.post("/_control/reset")
        yield Simulator(simulator_url, http)
        await http.post("/_control/reset")


@pytest.fixture(scope="session")
async def own_db(databases: Any) -> AsyncIterator[Database]:
    """One database for all tests of the dispatcher: emptied, not made anew."""
    db = Database(await databases.fresh("dispatcher"), name="test-dispatcher", pool_size=8)
    await db.start()
    yield db
    await db.stop()


@pytest.fixture
async def dispatcher(own_db: Database, simulator: Simulator) -> AsyncIterator[Dispatcher]:
    await own_db.pool.execute("TRUNCATE jobs, attempts, slots, rates, work, outbox, provider_reports")
    made = Dispatcher(own_db, simulator)
    yield made
    await made.stop()


@pytest.fixture
async def callbacks(dispatcher: Dispatcher) -> AsyncIterator[Callbacks]:
    made = Callbacks(f"http://127.0.0.1:{free_port()}")

    async def receive(request: web.Request) -> web.Response:
        query = dict(parse_qsl(request.query_string))
        provider, account, task = (
            request.match_info["provider"],
            UUID(query["account"]),
            UUID(query["task"]),
        )
        attempt = int(query["attempt"])
        if not tokens.verify([SECRET], query["token"], provider, account, task, attempt):
            made.forged += 1
            return web.Response(status=401)
        hint = adapter(provider).read_webhook(request.headers, await request.read())
        report = Reported(provider, task, account, attempt, hint.job_id, hint.final)
        made.received.append(report)
        await dispatcher.apply(report)
        return web.json_response({"received": True})

    app = web.Application()
    app.router.add_post("/api/v1/video/callback/{provider}", receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", urlsplit(made.url).port).start()
    yield made
    await runner.cleanup()

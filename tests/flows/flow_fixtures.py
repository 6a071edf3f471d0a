"""One running stack for all journeys, in `.framebus/flows`, stopped at the end."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator

import pytest
from flow_tools import HOME, World
from simulator.replicate_answers import SECRET
from stack.aside import run_sync
from stack.down import down
from stack.environment import SERVICES
from stack.paths import Home
from stack.up import up

SIGNING = {
    "SIMULATED_POLL_SECONDS": json.dumps({"replicate": 600, "openai": 600}),
    "CALLBACKS_WEBHOOK_KEYS": json.dumps({"replicate": [SECRET]}),
}
"""Two providers whose word is waited for, not asked for: their signed webhooks have to be believed."""


@pytest.fixture(scope="session")
def running() -> Iterator[None]:
    """`make up`, with the simulator quick, and `make down`."""
    measured = {f"{service.upper()}_MEASURE_SECONDS": "1" for service in SERVICES}
    given = {**os.environ, "SIM_DELAY_SECONDS": "0.5", "SIM_RENDER": "cached", **measured, **SIGNING}
    run_sync(up(Home(HOME), given, lambda _: None))
    yield
    if not os.environ.get("FRAMEBUS_KEEP"):
        run_sync(down(Home(HOME), lambda _: None))


@pytest.fixture
async def world(running: None) -> AsyncIterator[World]:  # noqa: ARG001 -- the stack it speaks to
    made = World()
    response = await made.simulator.post("/_control/reset")
    assert response.status_code == 200
    yield made
    await made.close()
    await asyncio.sleep(0)

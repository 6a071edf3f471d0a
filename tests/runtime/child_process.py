"""The small service of `child_service.py` as a process: started, killed, asked how it is."""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from runtime_fixtures import begin_at_the_end

CHILD = Path(__file__).parent / "child_service.py"


@dataclass
class Child:
    """A running child service."""

    process: asyncio.subprocess.Process
    http: httpx.AsyncClient
    log: Path

    async def answers(self, path: str) -> int | None:
        with contextlib.suppress(httpx.HTTPError):
            return (await self.http.get(path)).status_code
        return None

    async def ready(self) -> bool:
        assert self.process.returncode is None, self.log.read_text()
        return await self.answers("/readyz") == 200


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture
async def start_child(dsn, kafka, tmp_path) -> AsyncIterator:
    """`await start_child(instance=…)` is a child that has been started, ready or not."""
    children: list[Child] = []

    async def start(command: str = "all", **settings: str) -> Child:
        log = tmp_path / f"child-{len(children)}.log"
        given = {
            "kafka_bootstrap": kafka,
            "database_dsn": dsn,
            "environment": "dev",
            "http_port": free_port(),
        }
        given |= settings
        environment = {f"CHILD_{key.upper()}": str(value) for key, value in given.items()}
        with log.open("wb") as out:
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, str(CHILD), *command.split()),
                env={**os.environ, **environment},
                stdout=out,
                stderr=out,
            )
        children.append(
            Child(child, httpx.AsyncClient(base_url=f"http://127.0.0.1:{given['http_port']}"), log)
        )
        return children[-1]

    yield start
    for child in children:
        await child.http.aclose()
        if child.process.returncode is None:
            child.process.kill()
            await child.process.wait()


@pytest.fixture
async def group(db, kafka, topic) -> str:  # noqa: ARG001 -- the topic must be there
    """A consumer group that begins at the end of the topic."""
    name = f"test-{uuid4().hex[:8]}"
    await begin_at_the_end(db, kafka, name)
    return name

"""A running stack as its users and its operators see it."""

import asyncio
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import av
import httpx
from contracts.ids import task_from_text
from stack import processes
from stack.paths import Home

from tests.passing_time import NEARER

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".framebus" / os.environ.get("FRAMEBUS_TEST_HOME", "") / "flows"
FINAL = ("succeeded", "failed", "cancelled")


async def until(condition: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """Wait for a condition (plain or awaitable), not for a time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if isinstance(value, Awaitable):
            value = await value
        if value:
            return value
        await asyncio.sleep(0.05)
    raise AssertionError(f"never saw within {seconds:.0f} s: {what}")


def got(answer: httpx.Response, status: int = 200) -> Any:
    """The JSON of an answer that has this status; None when it has no body."""
    assert answer.status_code == status, f"{answer.request.method} {answer.request.url}: {answer.text}"
    return answer.json() if answer.content else None


@dataclass
class Customer:
    """An account with a key and a client."""

    id: str
    key: str
    api: httpx.AsyncClient

    async def submit(self, body: dict[str, Any], key: str | None = None) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        return await self.api.post("/api/v1/tasks", json=body, headers=headers)

    async def task(self, task_id: str) -> dict[str, Any]:
        response = await self.api.get(f"/api/v1/tasks/{task_id}")
        assert response.status_code == 200, response.text
        return response.json()

    async def finished(self, task_id: str, seconds: float = 60) -> dict[str, Any]:
        async def final() -> dict[str, Any] | None:
            document = await self.task(task_id)
            return document if document["status"] in FINAL else None

        return await until(final, f"{task_id} final", seconds)

    async def make(self, body: dict[str, Any], seconds: float = 60) -> dict[str, Any]:
        response = await self.submit(body)
        assert response.status_code == 202, response.text
        return await self.finished(response.json()["task_id"], seconds)

    async def credits(self) -> dict[str, Any]:
        return (await self.api.get("/api/v1/credits")).json()

    async def video(self, document: dict[str, Any]) -> "Video":
        url = document["output"]["videos"][0]["url"]
        response = await self.api.get(url, headers={"Authorization": ""})
        assert response.status_code == 200, response.text
        return Video(response.content)


class Video:
    """What is really in a result."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        with av.open(io.BytesIO(content)) as container:
            stream = container.streams.video[0]
            self.width, self.height = stream.codec_context.width, stream.codec_context.height
            self.seconds = round((container.duration or 0) / 1e6, 1)
            self.sound = bool(container.streams.audio)
            frame = next(container.decode(stream)).to_ndarray(format="rgb24")
            self.mean_rgb = tuple(frame.reshape(-1, 3).mean(axis=0))


class World:
    """The stack, its operator's commands and its simulator."""

    def __init__(self) -> None:
        self.home = Home(HOME)
        self.facts: dict[str, Any] = json.loads((HOME / "stack.json").read_text())
        self.simulator = httpx.AsyncClient(base_url=self.facts["simulator_url"], trust_env=False)
        self._clients: list[httpx.AsyncClient] = [self.simulator]

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()

    def client(self, key: str, url: str | None = None) -> httpx.AsyncClient:
        made = httpx.AsyncClient(
            base_url=url or self.facts["gateway_url"],
            headers={"Authorization": f"Bearer {key}"},
            timeout=30,
            trust_env=False,
            limits=httpx.Limits(max_connections=100),
        )
        self._clients.append(made)
        return made

    def command(self, service: str, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        record = processes.find(self.home, service)
        assert record is not None, f"{service} is not started"
        environment = {**os.environ, **record.spec.environment}
        return subprocess.run(
            [sys.executable, "-m", service, *words],
            env=environment,
            check=check,
            capture_output=True,
            text=True,
        )

    def several(self, service: str, commands: list[list[str]]) -> str:
        """Run several of a service's commands in one process; what they printed."""
        record = processes.find(self.home, service)
        assert record is not None, f"{service} is not started"
        done = subprocess.run(
            [sys.executable, "-m", "stack.several", service],
            env={**os.environ, **record.spec.environment},
            input=json.dumps(commands),
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    async def customer(self, amount: str = "1000", tier: str = "studio") -> Customer:
        """A new account with that many credits, visible at the gateway."""
        account = str(uuid4())

        def make() -> str:
            commands = [
                ["account", "create", "--id", account, "--name", "flow", "--tier", tier],
                ["key", "create", "--account", account, "--name", "flow"],
            ]
            if float(amount):
                commands.append(
                    ["grant", "--account", account, "--credits", amount, "--reason", "a flow test"]
                )
            printed = self.several("gateway", commands)
            return str(json.loads(next(line for line in printed.splitlines() if "mv_live_" in line))["key"])

        key = await asyncio.to_thread(make)
        customer = Customer(account, key, self.client(key))

        async def visible() -> bool:
            return float((await customer.credits())["available"]) == float(amount)

        await until(visible, "the credits")
        return customer

    async def simulate(self, **settings: Any) -> None:
        """Set the simulator's dials: `provider={...}` or a setting of all."""
        response = await self.simulator.put("/_control/settings", json=settings)
        assert response.status_code == 200, response.text

    async def finish(self, provider: str = "ark") -> None:
        """End the waits of the jobs that the simulator holds (`never_final_next`, a long delay)."""
        response = await self.simulator.post("/_control/finish", params={"provider": provider})
        assert response.status_code == 200, response.text

    async def time_passes(self, task: str, seconds: float) -> None:
        """Bring a task's deadline, and when the dispatcher looks at it next, nearer by so much."""
        for statement in NEARER:
            await self.rows("dispatcher", statement, [uuid_of(task)], seconds)

    async def jobs(self, since: float = 0, provider: str = "ark") -> list[dict[str, Any]]:
        """What the simulator has accepted and would bill."""
        response = await self.simulator.get(
            "/_control/log", params={"provider": provider, "since": str(since)}
        )
        return response.json()["jobs"]

    async def rows(self, service: str, sql: str, *args: Any) -> list[dict[str, Any]]:
        conn = await asyncpg.connect(self.facts["postgres"][service])
        try:
            return [dict(row) for row in await conn.fetch(sql, *args)]
        finally:
            await conn.close()

    async def books_are_right(self) -> None:
        done = await asyncio.to_thread(self.command, "ledger", "check", check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def uuid_of(task: str) -> UUID:
    found = task_from_text(task)
    assert found is not None
    return found


def seedance(prompt: str = "a city street after rain", **changes: Any) -> dict[str, Any]:
    """A request whose price is 65.7 / 10 credits unless changed."""
    given = {"prompt": prompt, "size": "16:9", "resolution": "720p", "duration": 5, "generate_audio": True}
    return {"model": "doubao-seedance-2-0-fast", "input": {**given, **changes}}


def veo(prompt: str = "a red sports car at sunset", **changes: Any) -> dict[str, Any]:
    given = {"prompt": prompt, "aspect_ratio": "16:9", "resolution": "720p", "duration": 8}
    return {"model": "veo3-1-quality", "input": {**given, **changes}}


def wan(image: str, **changes: Any) -> dict[str, Any]:
    given = {"prompt": "turn and smile", "resolution": "720p", "duration": 2, "image_urls": [image]}
    return {"model": "wan2-6-i2v-flash", "input": {**given, **changes}}


def picture(color: tuple[int, int, int], size: tuple[int, int] = (640, 360)) -> str:
    """A plain picture as a data URI."""
    import base64

    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()

import asyncio
import io
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
from aiohttp import web
from PIL import Image

ARK = "/ark/api/v3/contents/generations/tasks"
WAN = "/dashscope/api/v1/services/aigc/video-generation/video-synthesis"
VEO = "/gemini/v1beta/models/veo-3.1-generate-preview:predictLongRunning"


@dataclass
class Video:
    """A result as PyAV sees it."""

    width: int
    height: int
    frames: int
    seconds: float
    codecs: list[str]
    first: Any
    middle: Any
    last: Any


class Sim:
    """A running simulator and a client for it, with a good key for every provider."""

    def __init__(self, port: int, data_dir: Path | None, env: dict[str, str]) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._port, self._data_dir, self._env = port, data_dir, env
        self.http = httpx.AsyncClient(
            base_url=self.url, headers={"authorization": "Bearer k", "x-goog-api-key": "k"}, timeout=30
        )

    def start(self) -> "Sim":
        command = [sys.executable, "-m", "simulator", "--port", str(self._port)]
        if self._data_dir:
            command += ["--data", str(self._data_dir)]
        env = {**os.environ, "SIM_DELAY_SECONDS": "0.3", **self._env}
        self.process = subprocess.Popen(command, env=env)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    return self
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError("the simulator did not become ready")

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(20)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    async def set(self, **settings: Any) -> httpx.Response:
        return await self.http.put("/_control/settings", json=settings)

    async def finish(self, provider: str) -> None:
        answer = await self.http.post("/_control/finish", params={"provider": provider})
        assert answer.status_code == 200, answer.text

    async def log(self, provider: str = "") -> list[dict[str, Any]]:
        answer = await self.http.get("/_control/log", params={"provider": provider})
        jobs: list[dict[str, Any]] = answer.json()["jobs"]
        return jobs

    async def ark(self, prompt: str = "a street", **fields: Any) -> httpx.Response:
        body = {
            "model": "doubao-seedance-2-0-fast-260128",
            "content": [{"type": "text", "text": prompt}],
            "resolution": "480p",
            "duration": 4,
            **fields,
        }
        return await self.http.post(ARK, json=body)

    async def wan(self, prompt: str = "a street", **fields: Any) -> httpx.Response:
        body = {
            "model": fields.pop("model", "wan2.6-i2v-flash"),
            "input": {"prompt": prompt, "img_url": "https://host.invalid/a.jpg", **fields.pop("input", {})},
            "parameters": {"resolution": "720P", "duration": 2, **fields},
        }
        return await self.http.post(WAN, json=body, headers={"x-dashscope-async": "enable"})

    async def veo(self, prompt: str = "a street", instance: Any = None, **parameters: Any) -> httpx.Response:
        body = {"instances": [{"prompt": prompt, **(instance or {})}], "parameters": parameters}
        return await self.http.post(VEO, json=body)

    async def get(self, path: str) -> dict[str, Any]:
        answer = await self.http.get(path)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def until(self, path: str, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            body = await self.get(path)
            if done(body):
                return body
            await asyncio.sleep(0.05)
        raise AssertionError(f"{path} stayed {body}")

    async def ark_done(self, submitted: httpx.Response) -> dict[str, Any]:
        assert submitted.status_code == 200, submitted.text
        path = f"{ARK}/{submitted.json()['id']}"
        return await self.until(path, lambda task: task["status"] not in ("queued", "running"))

    async def wan_done(self, submitted: httpx.Response) -> dict[str, Any]:
        assert submitted.status_code == 200, submitted.text
        path = f"/dashscope/api/v1/tasks/{submitted.json()['output']['task_id']}"
        return await self.until(path, lambda t: t["output"]["task_status"] not in ("PENDING", "RUNNING"))

    async def veo_done(self, submitted: httpx.Response) -> dict[str, Any]:
        assert submitted.status_code == 200, submitted.text
        return await self.until(f"/gemini/v1beta/{submitted.json()['name']}", lambda op: bool(op.get("done")))

    async def video(self, url: str) -> Video:
        answer = await self.http.get(url)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "video/mp4"
        assert answer.content.index(b"moov") < answer.content.index(b"mdat")
        return read_video(answer.content)


def read_video(data: bytes) -> Video:
    with av.open(io.BytesIO(data), "r") as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        seconds = (container.duration or 0) / av.time_base
        return Video(
            stream.width,
            stream.height,
            len(frames),
            seconds,
            [s.codec_context.name for s in container.streams],
            *(frames[i].to_ndarray(format="rgb24") for i in (0, len(frames) // 2, -1)),
        )


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@pytest.fixture(scope="session")
def start_sim() -> Iterator[Callable[..., Sim]]:
    started: list[Sim] = []

    def start(data_dir: Path | None = None, **env: str) -> Sim:
        started.append(Sim(free_port(), data_dir, env).start())
        return started[-1]

    yield start
    for sim in started:
        sim.stop()


@pytest.fixture(scope="session")
def shared_sim(start_sim: Callable[..., Sim]) -> Sim:
    return start_sim(SIM_CALLBACK_RETRY_SECONDS="0.05", SIM_CALLBACK_TIMEOUT_SECONDS="20")


@pytest.fixture
async def sim(shared_sim: Sim) -> Sim:
    await shared_sim.http.post("/_control/reset")
    return shared_sim


@pytest.fixture(scope="session")
def red_portrait() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (400, 600), (220, 20, 20)).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture(scope="session")
def mean_colour() -> Callable[[Any], list[float]]:
    return lambda frame: [float(c) for c in np.asarray(frame).mean(axis=(0, 1))]


@dataclass
class Receiver:
    """A web server that notes what is posted to it and answers the statuses it was told to."""

    url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    raw: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, count: int) -> list[dict[str, Any]]:
        async with asyncio.timeout(30):
            while len(self.bodies) < count:
                self.arrived.clear()
                await self.arrived.wait()
        return self.bodies


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    noted = Receiver()

    async def post(request: web.Request) -> web.Response:
        noted.addresses.append(str(request.url))
        noted.times.append(time.time())
        noted.raw.append((request.headers, await request.read()))
        noted.bodies.append(await request.json())
        noted.arrived.set()
        return web.Response(status=noted.answers.pop(0) if noted.answers else 200)

    async def get(request: web.Request) -> web.Response:
        data = noted.files.get(request.match_info["name"])
        return web.Response(status=404) if data is None else web.Response(body=data)

    app = web.Application()
    app.add_routes([web.post("/hook", post), web.get("/{name}", get)])
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    noted.url = f"http://127.0.0.1:{port}"
    yield noted
    await runner.cleanup()

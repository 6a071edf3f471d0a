"""`make demo`: the product documents' three requests as a client would send them, watched to the end.

Exit code 0 only if all succeeded, the files are what was asked for and the ledger's books are right.
"""

import asyncio
import base64
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from PIL import Image, ImageDraw
from rich.console import Console
from rich.live import Live
from rich.table import Table
from stack import processes
from stack.errors import StackError
from stack.paths import STATE, Home
from stack.probing import probe

FINAL = ("succeeded", "failed", "cancelled")
console = Console(width=None if sys.stdout.isatty() else 150)


@dataclass
class Job:
    """One request and what became of it."""

    body: dict[str, Any]
    task_id: str = ""
    status: str = "-"
    step: str = "-"
    document: dict[str, Any] = field(default_factory=dict)
    file: Path | None = None
    kind: str = "-"
    probed: str = ""

    @property
    def model(self) -> str:
        """The model's slug."""
        return str(self.body["model"])


def portrait() -> bytes:
    """A sample portrait, drawn here: a JPEG of 768 by 1024 that is small enough to send inline."""
    image = Image.new("RGB", (768, 1024), (214, 108, 74))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 700, 768, 1024), fill=(38, 70, 83))
    draw.ellipse((234, 250, 534, 650), fill=(244, 211, 178))
    draw.pieslice((214, 200, 554, 560), 180, 360, fill=(70, 42, 30))
    for x in (320, 448):
        draw.ellipse((x - 16, 430, x + 16, 462), fill=(40, 40, 40))
    draw.arc((324, 480, 444, 580), 20, 160, fill=(160, 60, 60), width=8)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def requests() -> list[dict[str, Any]]:
    """The bodies of the three documents; the portrait stands where the first one has an example address."""
    picture = "data:image/jpeg;base64," + base64.b64encode(portrait()).decode()
    turn = "Let the person in the image turn and smile while the camera slowly pushes in."
    street = "A cinematic tracking shot of a futuristic city street after rain"
    sunset = "海边日落时一辆红色跑车驶过公路,镜头平稳推进,电影感"
    wan = {"prompt": turn, "resolution": "1080p", "duration": 5, "image_urls": [picture], "audio": True}
    seedance = {
        "prompt": street,
        "size": "16:9",
        "resolution": "720p",
        "duration": 5,
        "generate_audio": True,
    }
    veo = {"prompt": sunset, "aspect_ratio": "16:9", "resolution": "720p", "duration": 8}
    return [
        {"model": "wan2-6-i2v-flash", "input": wan},
        {"model": "doubao-seedance-2-0-fast", "input": seedance},
        {"model": "veo3-1-quality", "input": veo},
    ]


async def submit(client: httpx.AsyncClient, job: Job) -> None:
    """Send the request; StackError with the API's own words if it is refused."""
    response = await client.post("/api/v1/tasks", json=job.body)
    if response.status_code != 202:
        raise StackError(f"{job.model}: {response.status_code} {response.text}")
    job.document = response.json()
    job.task_id, job.status = job.document["task_id"], job.document["status"]


async def watch(client: httpx.AsyncClient, job: Job) -> None:
    """Follow the task's events live until the final one."""
    headers = {"Accept": "text/event-stream"}
    async with client.stream("GET", f"/api/v1/tasks/{job.task_id}/events", headers=headers) as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data:"):
                event = json.loads(line[5:])
                job.step = _step(event)
                job.status = event["type"] if event["type"] in FINAL else "processing"
    job.document = (await client.get(f"/api/v1/tasks/{job.task_id}")).json()
    job.status = job.document["status"]


def _step(event: dict[str, Any]) -> str:
    percent = (event.get("data") or {}).get("percent")
    return f"{event['type']} {percent} %" if percent is not None else str(event["type"])


async def download(client: httpx.AsyncClient, job: Job, folder: Path) -> None:
    """Fetch the result by its link and look into it."""
    [first, *_] = (file for files in job.document["output"].values() for file in files)
    response = await client.get(first["url"])
    response.raise_for_status()
    job.kind = first["kind"]
    job.file = folder / f"{job.model}{Path(urlsplit(first['url']).path).suffix or _suffix(response)}"
    job.file.write_bytes(response.content)
    job.probed = probe(job.file, job.kind)


def _suffix(response: httpx.Response) -> str:
    """The end of the name that the download is offered under."""
    return Path(response.headers.get("content-disposition", "").rpartition("=")[2].strip('"; ')).suffix


def board(jobs: list[Job]) -> Table:
    """The live picture."""
    table = Table(box=None, header_style="dim")
    for name in ("model", "task", "status", "last step"):
        table.add_column(name, no_wrap=True)
    for job in jobs:
        table.add_row(job.model, job.task_id, job.status, job.step)
    return table


def result(jobs: list[Job]) -> Table:
    """Where the files are and what each cost."""
    table = Table(header_style="dim")
    for name in ("model", "status", "cost", "file", "in it"):
        table.add_column(name)
    for job in jobs:
        error = (job.document.get("error") or {}).get("message", "")
        cost = f"{job.document.get('cost_actual')} {job.document.get('currency', '')}"
        table.add_row(job.model, job.status, cost, _short(job.file) if job.file else error, job.probed)
    return table


def _short(file: Path) -> str:
    """The path as seen from here."""
    return str(file.relative_to(Path.cwd())) if file.is_relative_to(Path.cwd()) else str(file)


async def run(client: httpx.AsyncClient, folder: Path, bodies: list[dict[str, Any]]) -> list[Job]:
    """Submit all, watch them side by side, fetch what they made."""
    jobs = [Job(body) for body in bodies]
    for job in jobs:
        await submit(client, job)
    with Live(get_renderable=lambda: board(jobs), console=console, refresh_per_second=8):
        await asyncio.gather(*(watch(client, job) for job in jobs))
    for job in jobs:
        if job.status == "succeeded":
            await download(client, job, folder)
    return jobs


def check_books(home: Home) -> bool:
    """Run the ledger's own proof of its books."""
    record = processes.find(home, "ledger")
    if record is None:
        raise StackError("the ledger is not started: see `make status`")
    environment = {**os.environ, **record.spec.environment}
    return (
        subprocess.run([sys.executable, "-m", "ledger", "check"], env=environment, check=False).returncode
        == 0
    )


async def show(base_url: str, api_key: str, folder: Path) -> bool:
    """Run the three requests against a gateway and print what became of them; whether all succeeded."""
    headers = {"Authorization": f"Bearer {api_key}"}
    limits = httpx.Timeout(30, read=600)
    async with httpx.AsyncClient(
        base_url=base_url, headers=headers, timeout=limits, trust_env=False
    ) as client:
        before = await credits_of(client)
        jobs = await run(client, folder, requests())
        after = await credits_of(client)
    console.print(result(jobs))
    console.print(
        f"credits before: {before['available']}, after: {after['available']}, held: {after['held']}"
    )
    return all(job.status == "succeeded" for job in jobs)


async def credits_of(client: httpx.AsyncClient) -> dict[str, Any]:
    """The account's credits; StackError with the API's own words if the key isn't taken."""
    response = await client.get("/api/v1/credits")
    if response.status_code != 200:
        raise StackError(f"{client.base_url} answers {response.status_code}: {response.text[:300]}")
    return dict(response.json())


async def demo(home: Home) -> int:
    """The whole demonstration; the exit code."""
    facts = json.loads((home.state / "stack.json").read_text())
    folder = home.state / "demo"
    folder.mkdir(exist_ok=True)
    succeeded = await show(facts["gateway_url"], facts["api_key"], folder)
    books = check_books(home)
    verdict = "all succeeded" if succeeded else "not all succeeded"
    console.print(f"{verdict}; the books are {'right' if books else 'WRONG'}")
    console.print(
        f"the API is at {facts['gateway_url']}, its key in .framebus/stack.json; `make down` stops it"
    )
    return 0 if succeeded and books else 1


def main() -> int:
    """The command."""
    try:
        return asyncio.run(demo(Home(STATE)))
    except (StackError, httpx.HTTPError) as error:
        console.print(f"[red]{error}[/red]")
        return 1


if __name__ == "__main__":
    sys.exit(main())

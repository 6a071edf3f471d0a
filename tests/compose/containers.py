"""The suite of docker-compose.yml as a test sees it: containers, and the API at the one public address."""

import asyncio
import json
import os
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx
from stack import env_file

ROOT = Path(__file__).parents[2]
PROJECT = "framebus-compose-test"
JOBS = {"topics", "bucket", "demo-account"}
T = TypeVar("T")
_LABEL = "label=com.docker.compose"


def missing_docker() -> str | None:
    """Why containers can't be tested here, or None. COMPOSE_PREPARE names a command that is run before."""
    if os.environ.get("COMPOSE_TEST") != "1":
        return "containers are tested by `make compose-test`"
    if prepare := os.environ.get("COMPOSE_PREPARE"):
        subprocess.run(shlex.split(prepare), check=True)
    if shutil.which("docker") is None:
        return "there is no docker command on this machine: the containers were NOT tested"
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        return "no Docker engine answers on this machine: the containers were NOT tested"
    if not _compose():
        return "neither `docker compose` nor docker-compose is there: the containers were NOT tested"
    return None


def _compose() -> list[str]:
    if not subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode:
        return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else []


def output(*words: str) -> str:
    """What a command prints; what it complains of is raised with it."""
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, f"{shlex.join(words)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def say(what: str) -> None:
    """Show how far it is."""
    print(f"{time.strftime('%H:%M:%S')}  {what}", flush=True)  # noqa: T201


class Containers:
    """One compose project."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as plain, socket.socket() as tls:
            plain.bind(("127.0.0.1", 0))
            tls.bind(("127.0.0.1", 0))
            port, tls_port = plain.getsockname()[1], tls.getsockname()[1]
        self.base_url = f"http://127.0.0.1:{port}"
        file = folder / "compose.env"
        file.write_text(f"FRAMEBUS_TLS_PORT={tls_port}\nFRAMEBUS_LISTEN=127.0.0.1\n")
        env_file.write(file, {"FRAMEBUS_PORT": str(port), "PUBLIC_BASE_URL": self.base_url})
        self.api_key = env_file.read(file)["DEMO_API_KEY"]
        self._words = [*_compose(), "-p", PROJECT, "--env-file", str(file), "--profile", "demo"]

    def show_logs(self) -> None:
        """Print the ends of all logs."""
        subprocess.run([*self._words, "logs", "--tail", "15"], cwd=ROOT, check=False)

    def render_cached(self) -> None:
        """Have the simulator serve one small file for all results: the load is on us, not on its encoder."""
        code = (
            "import urllib.request as web\n"
            "web.urlopen(web.Request('http://127.0.0.1:9400/_control/settings', b'{\"render\": \"cached\"}',"
            " {'Content-Type': 'application/json'}, method='PUT'))"
        )
        for container in self.ids("simulator"):
            output("docker", "exec", container, "python", "-c", code)

    def compose(self, *words: str) -> str:
        """Run a compose command on the project."""
        return output(*self._words, *words)

    def ids(self, service: str = "", *filters: str) -> list[str]:
        """The containers of a service, or all, that live."""
        chosen = [
            f"{_LABEL}.project={PROJECT}",
            *([f"{_LABEL}.service={service}"] if service else []),
            *filters,
        ]
        flags = [word for each in chosen for word in ("--filter", each)]
        return output("docker", "ps", "-q", *flags).split()

    def inspected(self, *, every: bool = False) -> list[dict[str, Any]]:
        """What Docker knows of the project's containers; `every`: the ended ones too."""
        flags = ["-a"] if every else []
        ids = output("docker", "ps", "-q", *flags, "--filter", f"{_LABEL}.project={PROJECT}").split()
        return list(json.loads(output("docker", "inspect", *ids))) if ids else []

    def start(self) -> None:
        """Build (not with COMPOSE_BUILD=no), start, wait until all serve and all jobs have ended well."""
        if os.environ.get("COMPOSE_BUILD") != "no":
            say("building the images")
            self.compose("build")
        say("starting")
        self.compose("up", "-d")
        wait_for("every container to be healthy", self.unhealthy, lambda names: not names, seconds=420)
        for each in self.inspected(every=True):
            if is_job(name := service_of(each)):
                assert state_of(each)["ExitCode"] == 0, name
        say("all of it serves")

    def unhealthy(self) -> list[str]:
        """Containers that should serve and don't, or jobs that haven't ended."""
        found = []
        for each in self.inspected(every=True):
            state, name = state_of(each), service_of(each)
            healthy = state.get("Health", {"Status": "healthy"})["Status"] == "healthy"
            if state["Running"] is is_job(name) or not (is_job(name) or healthy):
                found.append(name)
        return found

    def scale(self, service: str, count: int) -> None:
        """Have so many containers of a service; wait until they serve."""
        say(f"{service}: {count} containers")
        self.compose("up", "-d", "--no-deps", "--no-recreate", "--scale", f"{service}={count}", service)
        wait_for(
            f"{count} of {service}",
            lambda: self.ids(service, "health=healthy"),
            lambda ids: len(ids) == count,
        )

    def kill(self, container: str) -> None:
        """End a container at once, for good."""
        output("docker", "kill", "--signal", "KILL", container)

    def kill_process(self, service: str) -> None:
        """Kill the service's process from inside, so that Docker's restart policy brings it back."""
        code = (
            "import os, signal, pathlib\n"
            "for each in pathlib.Path('/proc').glob('[0-9]*/stat'):\n"
            "    if each.read_text().rpartition(')')[2].split()[1] == '1':\n"
            "        os.kill(int(each.parent.name), signal.SIGKILL)\n"
        )
        for container in self.ids(service):
            subprocess.run(
                ["docker", "exec", container, "python", "-c", code], capture_output=True, check=False
            )

    def partitions(self, group: str) -> dict[tuple[str, str], tuple[str, int]]:
        """(topic, partition) → who reads it and how far behind it is, by Kafka's own word."""
        tool = "/opt/kafka/bin/kafka-consumer-groups.sh"
        text = self.compose(
            *(
                "exec",
                "-T",
                "kafka",
                tool,
                "--bootstrap-server",
                "kafka:29092",
                "--describe",
                "--group",
                group,
            )
        )
        rows = [line.split() for line in text.splitlines() if line.startswith(f"{group} ")]
        return {(row[1], row[2]): (row[6], int(row[5]) if row[5].isdigit() else 0) for row in rows}

    def stop(self) -> None:
        """Remove containers, networks and volumes."""
        say("tearing down")
        self.compose("down", "-v", "--remove-orphans", "--timeout", "45")


def is_job(name: str) -> bool:
    """Whether a compose service is one that ends."""
    return name in JOBS or name.endswith("-migrate")


def service_of(inspected: dict[str, Any]) -> str:
    """The compose service of a container."""
    return str(inspected["Config"]["Labels"]["com.docker.compose.service"])


def state_of(inspected: dict[str, Any]) -> dict[str, Any]:
    """Docker's word on how a container is."""
    return dict(inspected["State"])


def wait_for(what: str, look: Callable[[], T], right: Callable[[T], bool], seconds: float = 180) -> T:
    """Look until it is right; the last look is in the complaint."""
    end = time.monotonic() + seconds
    while not right(found := look()):
        assert time.monotonic() < end, f"waited for {what}: {found}"
        time.sleep(1)
    return found


class Load:
    """Tasks that are submitted one after the other, and what became of them."""

    def __init__(self, containers: Containers, body: dict[str, Any]) -> None:
        self._body = body
        self._client = httpx.AsyncClient(
            base_url=containers.base_url,
            headers={"Authorization": f"Bearer {containers.api_key}"},
            timeout=30,
            trust_env=False,
        )
        self.task_ids: list[str] = []

    async def submit(self, count: int, pause: float = 0.2) -> None:
        """Submit so many, each under its own key until it is taken."""
        batch = uuid4()
        for number in range(count):
            key = {"Idempotency-Key": f"load-{batch}-{number}"}
            while True:
                try:
                    answer = await self._client.post("/api/v1/tasks", json=self._body, headers=key)
                except httpx.TransportError:
                    answer = None
                if answer is not None and answer.status_code == 202:
                    self.task_ids.append(answer.json()["task_id"])
                    break
                assert answer is None or answer.status_code in (429, 502, 503), answer.text
                await asyncio.sleep(0.5)
            await asyncio.sleep(pause)

    async def ended(self, seconds: float = 300) -> dict[str, int]:
        """Wait until every task is final; how many are in each state."""
        end = time.monotonic() + seconds
        open_tasks, states = list(self.task_ids), list[str]()
        while open_tasks:
            assert time.monotonic() < end, f"{len(open_tasks)} tasks have not ended: {open_tasks[:5]}"
            found = [await self._status(each) for each in open_tasks]
            final = [status in ("succeeded", "failed", "cancelled") for status in found]
            states += [status for status, over in zip(found, final, strict=True) if over]
            open_tasks = [each for each, over in zip(open_tasks, final, strict=True) if not over]
            await asyncio.sleep(1)
        return {status: states.count(status) for status in sorted(set(states))}

    async def credits(self) -> dict[str, Any]:
        """The account's credits."""
        return dict((await self._client.get("/api/v1/credits")).raise_for_status().json())

    async def _status(self, task_id: str) -> str:
        try:
            answer = await self._client.get(f"/api/v1/tasks/{task_id}")
        except httpx.TransportError:
            return "unknown"
        return str(answer.json()["status"]) if answer.status_code == 200 else "unknown"


def shared(partitions: dict[tuple[str, str], tuple[str, int]], topics: Sequence[str], readers: int) -> bool:
    """Whether so many readers share all partitions of the topics."""
    wanted = {(topic, str(number)) for topic in topics for number in range(12)}
    owners = {partitions[each][0] for each in wanted if each in partitions}
    return wanted <= partitions.keys() and "-" not in owners and len(owners) == readers


def behind(partitions: dict[tuple[str, str], tuple[str, int]]) -> int:
    """How many records are not read yet."""
    return sum(lag for _, lag in partitions.values())

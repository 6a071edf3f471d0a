"""A Prometheus of the tests' own beside the running stack, with our alerts that wait for nothing."""

import json
import re
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from flow_tools import ROOT, until
from stack.paths import STATE
from stack.prometheus import binaries, configuration

RULES = ROOT / "deploy" / "prometheus" / "alerts.yml"


class Prometheus:
    """What is asked of it."""

    def __init__(self, url: str) -> None:
        self._http = httpx.AsyncClient(base_url=url, trust_env=False, timeout=20)

    async def close(self) -> None:
        await self._http.aclose()

    async def ready(self) -> bool:
        try:
            return (await self._http.get("/-/ready")).status_code == 200
        except httpx.TransportError:
            return False

    async def query(self, expr: str) -> list[dict[str, Any]]:
        answer = (await self._http.post("/api/v1/query", data={"query": expr})).json()
        assert answer["status"] == "success", (expr, answer)
        return list(answer["data"]["result"])

    async def by_name(self) -> dict[str, float]:
        """The sum of all series of each of our metrics."""
        ours = '{__name__=~"(framebus|gateway|ledger|dispatcher|callbacks|storage)_.*"}'
        found = await self.query(f"sum by (__name__) ({ours})")
        return {each["metric"]["__name__"]: float(each["value"][1]) for each in found}

    async def firing(self) -> list[dict[str, str]]:
        """The labels of the alerts that fire."""
        found = (await self._http.get("/api/v1/alerts")).json()["data"]["alerts"]
        return [each["labels"] for each in found if each["state"] == "firing"]

    async def fires(self, name: str, **labels: str) -> None:
        """Wait for an alert with these labels."""
        wanted = {"alertname": name, **labels}.items()

        async def found() -> bool:
            return any(wanted <= each.items() for each in await self.firing())

        await until(found, f"{name} to fire", 90)

    async def quiet(self, name: str) -> None:
        """Wait until an alert is over."""

        async def over() -> bool:
            return all(each["alertname"] != name for each in await self.firing())

        await until(over, f"{name} to be over", 90)


@contextmanager
def running_prometheus(services: Mapping[str, str], folder: Path) -> Iterator[str]:
    """Its URL. Raises StackError where there is no Prometheus."""
    program = binaries(STATE / "prometheus") / "prometheus"
    rules, settings = folder / "alerts.yml", folder / "prometheus.json"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    rules.write_text(re.sub(r"^ +for: .*\n", "", RULES.read_text("utf-8"), flags=re.MULTILINE))
    targets = {name: url.removeprefix("http://") for name, url in services.items()}
    settings.write_text(configuration(targets, rules, every_seconds=1))
    command = [
        program,
        f"--config.file={settings}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--rules.alert.resend-delay=1s",
    ]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def expressions() -> set[str]:
    """Everything that the dashboards and the alerts ask."""
    files = (ROOT / "deploy" / "grafana" / "dashboards").glob("*.json")
    panels = [panel for file in files for panel in json.loads(file.read_text("utf-8"))["panels"]]
    return {target["expr"] for panel in panels for target in panel["targets"]}

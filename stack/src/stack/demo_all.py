"""`make demo MODELS=all`: one small task on every model of the catalog, each through its provider's protocol.

Exit code 0 only if all succeeded and were settled, every file is of its model's kind, the simulated provider
of each model's first route accepted a job for the route's model, and the ledger's books are right.
"""

import asyncio
import json
import sys
from time import time
from typing import Any

import httpx
from catalog.catalog import Catalog
from catalog.model import Model
from catalog.routes import Route
from rich.console import Console
from rich.table import Table
from stack.demo import Job, check_books, run
from stack.errors import StackError
from stack.paths import STATE, Home
from stack.samples import smallest_input

AT_ONCE = 9
console = Console(width=None if sys.stdout.isatty() else 180)


def bodies(catalog: Catalog, available: set[str]) -> list[dict[str, Any]]:
    """A request for every model; StackError if the gateway can't serve one of them."""
    missing = sorted(set(catalog.models) - available)
    if missing:
        raise StackError(f"the gateway has no provider for {', '.join(missing)}")
    return [{"model": slug, "input": smallest_input(model.schema)} for slug, model in catalog.models.items()]


def accepted(model: Model, job: Job, log: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The simulator's word that it took a job of this model at its provider's path; taken off the log."""
    routes = [route for route in model.routes if route.fits(model.with_defaults(job.body["input"]))]
    for route in routes:
        for entry in log:
            if entry["path"].startswith(f"/{_prefix(route)}/") and entry["model"] in _names(route):
                log.remove(entry)
                return entry
    return None


def _prefix(route: Route) -> str:
    """Where the simulator has a provider: gateways that speak as OpenAI does are OpenAI there."""
    return route.provider.partition("_")[0]


def _names(route: Route) -> set[str]:
    """What a provider calls the model: Replicate leaves the version out, ComfyUI knows weights alone."""
    nodes = (route.template or {}).values() if route.workflow else ()
    loaded = {value for node in nodes for value in node["inputs"].values() if isinstance(value, str)}
    return {route.model, route.model.partition(":")[0], *loaded}


def result(catalog: Catalog, jobs: list[Job], log: list[dict[str, Any]]) -> tuple[Table, bool]:
    """The table, and whether every row is as it should be."""
    table = Table(header_style="dim")
    for name in ("model", "status", "cost", "provider", "path", "their model", "kind", "in it"):
        table.add_column(name, overflow="fold")
    right = True
    for job in jobs:
        entry = accepted(catalog.models[job.model], job, log) or {}
        error = (job.document.get("error") or {}).get("message", "")
        cost = str(job.document.get("cost_actual"))
        entry_words = [str(entry.get(name, "[red]none[/red]")) for name in ("provider", "path", "model")]
        table.add_row(
            job.model, job.status, cost, *entry_words, job.kind, job.probed or f"[red]{error}[/red]"
        )
        right &= job.status == "succeeded" and bool(entry) and job.kind == catalog.models[job.model].kind
    return table, right


def _batches(wanted: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """As many as a small machine renders without making the others wait."""
    return [wanted[at : at + AT_ONCE] for at in range(0, len(wanted), AT_ONCE)]


async def demo(home: Home) -> int:
    """The whole demonstration; the exit code."""
    facts = json.loads((home.state / "stack.json").read_text())
    folder = home.state / "demo"
    folder.mkdir(exist_ok=True)
    headers = {"Authorization": f"Bearer {facts['api_key']}"}
    catalog, begun = Catalog.load(), time() - 1
    async with httpx.AsyncClient(timeout=httpx.Timeout(30, read=600), trust_env=False) as client:
        client.base_url, client.headers = httpx.URL(facts["gateway_url"]), httpx.Headers(headers)
        models = (await client.get("/api/v1/models")).json()["data"]
        available = {each["slug"] for each in models if each["available"]}
        wanted = bodies(catalog, available)
        jobs = [job for some in _batches(wanted) for job in await run(client, folder, some)]
        account = (await client.get("/api/v1/credits")).json()
        told = await client.get(f"{facts['simulator_url']}/_control/log", params={"since": begun})
    table, right = result(catalog, jobs, told.json()["jobs"])
    console.print(table)
    books = check_books(home)
    settled = account["held"] == 0
    words = "all as it should be" if right else "not all as it should be"
    console.print(
        f"{len(jobs)} models: {words}; held: {account['held']}; the books are {'right' if books else 'WRONG'}"
    )
    return 0 if right and settled and books else 1


def main() -> int:
    """The command."""
    try:
        return asyncio.run(demo(Home(STATE)))
    except (StackError, httpx.HTTPError) as error:
        console.print(f"[red]{error}[/red]")
        return 1


if __name__ == "__main__":
    sys.exit(main())

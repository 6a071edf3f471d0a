"""One trace from a client's request to its webhook, as a collector sees it."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from flow_tools import seedance, until, uuid_of
from span_collector import Collector, Seen, collecting
from stack import processes
from stack.environment import SERVICES

CLIENTS_TRACE, CLIENTS_SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CLIENTS = f"00-{CLIENTS_TRACE}-{CLIENTS_SPAN}-00"
PROMPT = "a lighthouse that nobody may read of"
WAY = [
    "framebus-gateway: POST",
    "framebus-gateway: send task.requested",
    "framebus-dispatcher: send provider.completed",
    "framebus-storage: process provider.completed",
    "framebus-storage: copy",
    "framebus-storage: send asset.stored",
    "framebus-gateway: send task.finished",
    "framebus-callbacks: process task.finished",
    "framebus-callbacks: deliver",
    "framebus-callbacks: send webhook.delivered",
    "framebus-gateway: process webhook.delivered",
]


def traced(spec: processes.Spec, collector: Collector) -> processes.Spec:
    """A service that sends its spans to the collector, and its webhooks as well."""
    name = spec.name.upper()
    told = {
        f"{name}_OTLP_ENDPOINT": collector.url,
        f"{name}_OTLP_HEADERS": "X-Team=films",
        "CALLBACKS_ALLOWED_HOSTS": collector.url.removeprefix("http://"),
    }
    return replace(spec, environment={**spec.environment, **told})


@pytest.fixture
async def collector(world) -> AsyncIterator[Collector]:
    """The stack's services, started again with tracing on; as they were, afterwards."""
    specs = [record.spec for name in SERVICES if (record := processes.find(world.home, name))]

    async def run_as(wanted: list[processes.Spec]) -> None:
        await asyncio.gather(*(processes.ensure(world.home, spec, within=180) for spec in wanted))

    with collecting() as collector:
        await run_as([traced(spec, collector) for spec in specs])
        yield collector
        await run_as(specs)


def in_order(wanted: list[str], path: list[Seen]) -> bool:
    names = iter([str(span) for span in reversed(path)])
    return all(name in names for name in wanted)


def shown(path: list[Seen]) -> str:
    return "\n".join(str(span) for span in reversed(path))


@pytest.mark.timeout(400)
async def test_one_trace_leads_from_the_request_to_the_webhook(world, collector: Collector) -> None:
    customer = await world.customer("20")
    body = seedance(PROMPT) | {"webhook_url": f"{collector.url}/hook"}
    submitted = await customer.api.post("/api/v1/tasks", json=body, headers={"traceparent": CLIENTS})
    assert submitted.status_code == 202, submitted.text
    assert submitted.headers["traceparent"].split("-")[1] == CLIENTS_TRACE
    task = submitted.json()["task_id"]
    assert (await customer.finished(task))["status"] == "succeeded"
    told = await until(lambda: find(collector, "gateway: process webhook.delivered"), "the last span", 90)
    assert collector.webhooks
    assert collector.headers == {"films"}

    settled = await until(lambda: find(collector, "gateway: process task.settled"), "settled", 30)
    await until(lambda: not orphans(collector), "every span's parent", 30)
    assert in_order(WAY, path := collector.path_to_root(told)), shown(path)
    assert path[-1].parent == CLIENTS_SPAN, "the request's span is below the client's"
    assert in_order(["framebus-ledger: send task.settled"], collector.path_to_root(settled))

    ours = [span for span in collector.spans if span.trace == CLIENTS_TRACE]
    assert {span.service for span in ours} == {f"framebus-{name}" for name in SERVICES}
    calls = {f"{above(collector, span)} > {span.name}" for span in ours if span.kind == "client"}
    assert {"submit > POST ark", "poll > GET ark", "copy > GET", "deliver > POST"} <= calls, calls
    told_of = {
        span.attributes.get("framebus.task_id") for span in ours if span.kind in ("consumer", "producer")
    }
    assert told_of == {str(uuid_of(task))}
    await until(lambda: told.id in of_batches(collector), "the batch that it came in", 30)
    secrets = (PROMPT, customer.key, "token", "/hook")
    said = json.dumps([span.attributes for span in collector.spans])
    assert not [secret for secret in secrets if secret in said]
    names_both(world, "storage", "stored", task)


def find(collector: Collector, name: str) -> Seen | None:
    wanted = f"framebus-{name}"
    return next((s for s in collector.spans if s.trace == CLIENTS_TRACE and str(s) == wanted), None)


def of_batches(collector: Collector) -> set[str]:
    """The spans that batches are linked with; a batch ends, and is sent, behind them."""
    return {link for span in collector.spans if span.name == "process batch" for link in span.links}


def orphans(collector: Collector) -> list[Seen]:
    known = {span.id for span in collector.spans} | {CLIENTS_SPAN}
    return [s for s in collector.spans if s.trace == CLIENTS_TRACE and s.parent not in known]


def above(collector: Collector, span: Seen) -> str:
    return next((each.name for each in collector.spans if each.id == span.parent), "nothing")


def names_both(world, service: str, event: str, task: str) -> None:
    """A log line of the service names the trace and the task."""
    lines = (world.home.logs / f"{service}.log").read_text().splitlines()
    ours = [json.loads(line) for line in lines if CLIENTS_TRACE in line and line.startswith("{")]
    assert any(
        line["event"] == event and line.get("task_id") in (task, str(uuid_of(task))) for line in ours
    ), ours

"""The dispatcher, put together."""

import os
import socket
from collections.abc import Mapping

from catalog.catalog import Catalog
from runtime.bus.letters import Letters
from runtime.bus.record import Translator
from runtime.cli import Built
from runtime.db import Database
from runtime.health import Part
from runtime.internal import InternalRoutes
from runtime.operating import Operating
from runtime.outbox.recorder import Outbox
from runtime.plumbing import lay
from runtime.recovery.recover import Restore
from runtime.reload import Reloader, Source
from runtime.timer import Timer
from runtime.work.worker import Worker
from starlette.applications import Starlette
from starlette.routing import Route

from dispatcher.db.story import STORY
from dispatcher.domain.providers import lease_seconds
from dispatcher.inbound.events import balances, own, providers, tasks
from dispatcher.inbound.http.providers import ProviderReports
from dispatcher.inbound.http.tasks import TaskStates
from dispatcher.outbound.bulkhead import Bulkheads
from dispatcher.outbound.circuit import Circuits
from dispatcher.outbound.inbox import Inbox
from dispatcher.outbound.inputs import InputFetcher
from dispatcher.outbound.provider_client import ProviderClient
from dispatcher.outbound.route_health import RouteHealth
from dispatcher.outbound.set_aside import SetAside
from dispatcher.outbound.standing import Standing
from dispatcher.outbound.tokens import Tokens
from dispatcher.settings import Settings
from dispatcher.usecases.apply_facts import ApplyFacts
from dispatcher.usecases.desk import Callbacks, Desk
from dispatcher.usecases.handle_job import WORK, HandleJob
from dispatcher.usecases.known import Known
from dispatcher.usecases.measure import readings
from dispatcher.usecases.pace import Pace
from dispatcher.usecases.prepare_limits import PrepareLimits
from dispatcher.usecases.record_changes import RecordChanges
from dispatcher.usecases.reload import Reload
from dispatcher.usecases.report_providers import PERIOD_SECONDS as REPORT_SECONDS
from dispatcher.usecases.report_providers import ReportProviders
from dispatcher.usecases.restore_jobs import restore_jobs
from dispatcher.usecases.store import Store
from dispatcher.usecases.turns import Turns

SERVICE = "dispatcher"
ROLES = ("consumer", "worker")
INPUT_SECONDS = 8.0

TRANSLATORS: Mapping[str, Translator] = {
    "task.requested": tasks.requested,
    "task.cancel_requested": tasks.cancel_requested,
    "task.deleted": tasks.deleted,
    "credits.frozen": balances.frozen,
    "task.settled": tasks.settled,
    "provider.reported": providers.reported,
}


def build(settings: Settings, roles: frozenset[str]) -> Built:
    """The parts for the given roles, in starting order."""
    base = lay(SERVICE, settings)
    parts: list[Part] = [*base.parts]
    worker: Worker | None = None
    if "worker" in roles:
        worker, needed = worker_parts(settings, base.db, base.outbox)
        parts += [*needed, worker]
    if "consumer" in roles:
        bus = base.bus(TRANSLATORS, ApplyFacts(worker.wake if worker else None))
        parts += [bus, base.measure(TRANSLATORS, kinds=(WORK, "turn"), own=readings())]
    return Built(parts, Starlette(routes=internal_routes(settings, base.db)))


def restore(_: Settings) -> Restore:
    """How the dispatcher takes back what it had said itself."""
    return Restore(own.TRANSLATORS, restore_jobs)


def internal_routes(settings: Settings, db: Database) -> list[Route]:
    """What other services may ask."""
    internal = InternalRoutes(settings.service_token.get_secret_value())
    operating = Operating(Letters(db, TRANSLATORS, ApplyFacts(None)), STORY)
    return [
        *TaskStates(db).routes(internal),
        *ProviderReports(db).routes(internal),
        *operating.routes(internal),
    ]


def worker_parts(settings: Settings, db: Database, outbox: Outbox) -> tuple[Worker, list[Part]]:
    """The worker and the parts that it needs, which start before it."""
    timing = settings.timing
    known = Known(Catalog.load(settings.catalog_directory), settings.configured())
    client = ProviderClient()
    inputs = InputFetcher(settings.allowed_hosts, INPUT_SECONDS)
    turns = Turns(db, WORK, known)
    inbox = Inbox(settings.s3_endpoint, settings.s3_bucket, settings.signer)
    desk = Desk(
        store=Store(db, RecordChanges(db, outbox, turns)),
        client=client,
        inputs=inputs,
        inbox=inbox,
        pace=Pace(db, WORK),
        turns=turns,
        circuits=Circuits(breaker=known.breaker),
        bulkheads=Bulkheads(settings.concurrency),
        aside=SetAside(),
        tokens=Tokens(),
        health=RouteHealth(),
        standing=Standing(),
        known=known,
        timing=timing,
        callbacks=_callbacks(settings),
    )
    worker = Worker(
        db,
        WORK,
        HandleJob(desk),
        concurrency=settings.concurrency,
        lease_seconds=lease_seconds(known.catalog.models.values(), known.providers, timing),
        idle_seconds=settings.worker_idle_seconds,
    )
    turns.wake = worker.wake
    reloader = _reloader(settings, Reload(db, known, desk.aside, worker, timing))
    instance = settings.instance_id or f"{socket.gethostname()}-{os.getpid()}"
    report = Timer("providers", ReportProviders(db, desk, instance), REPORT_SECONDS)
    return worker, [
        PrepareLimits(db, known.providers.values()),
        client,
        inputs,
        inbox,
        turns,
        reloader,
        report,
    ]


def _reloader(settings: Settings, reload: Reload) -> Reloader:
    directory, file = settings.catalog_directory, settings.providers_file
    sources = [
        Source(
            "catalog",
            lambda: Catalog.files(directory),
            lambda: reload.catalog(lambda: Catalog.load(directory)),
        ),
        Source("providers", lambda: [file] if file else [], lambda: reload.providers(settings.configured)),
    ]
    return Reloader(sources, settings.reload_seconds)


def _callbacks(settings: Settings) -> Callbacks | None:
    if settings.callbacks_url is None or not settings.callback_secrets:
        return None
    return Callbacks(settings.callbacks_url, settings.callback_secrets[0].get_secret_value())

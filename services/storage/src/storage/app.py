"""Storage, put together."""

from collections.abc import Mapping

from runtime.bus.letters import Letters
from runtime.bus.record import Translator
from runtime.cli import Built
from runtime.db import Database
from runtime.egress.download import DownloadLimits
from runtime.health import Part
from runtime.internal import InternalRoutes
from runtime.operating import Operating
from runtime.outbox.recorder import Outbox
from runtime.plumbing import lay
from runtime.recovery.recover import Restore
from runtime.work.worker import Worker
from starlette.applications import Starlette

from storage.db.story import STORY
from storage.inbound.events import asset_stored, provider_completed, task_deleted
from storage.inbound.http.looks import Looks
from storage.outbound.providers import Providers
from storage.probe.pool import ProbeLimits
from storage.settings import Settings
from storage.usecases import erase_task
from storage.usecases.accept_results import WORK, AcceptResults
from storage.usecases.copy_task import CopyTask
from storage.usecases.keep_leases import KeepLeases
from storage.usecases.look_into import LookInto
from storage.usecases.record_results import RecordResults
from storage.usecases.restore_results import restore_results
from storage.usecases.workshop import Workshop, WorkshopConfig

SERVICE = "storage"
ROLES = ("consumer", "worker")
LOOKS_AT_ONCE = 4

TRANSLATORS: Mapping[str, Translator] = {
    "provider.completed": provider_completed.translate,
    "task.deleted": task_deleted.translate,
}


def build(settings: Settings, roles: frozenset[str]) -> Built:
    """The parts for the given roles, in starting order."""
    base = lay(SERVICE, settings)
    parts: list[Part] = [*base.parts]
    worker: Worker | None = None
    internal = InternalRoutes(settings.service_token.get_secret_value())
    routes = Operating(Letters(base.db, TRANSLATORS, AcceptResults(None)), STORY).routes(internal)
    if "worker" in roles:
        workshop = make_workshop(settings)
        worker, needed = worker_parts(settings, base.db, base.outbox, workshop)
        parts += [*needed, worker]
        routes += Looks(LookInto(workshop, LOOKS_AT_ONCE)).routes(internal)
    if "consumer" in roles:
        bus = base.bus(TRANSLATORS, AcceptResults(worker.wake if worker else None))
        parts += [bus, base.measure(TRANSLATORS, kinds=(WORK, erase_task.WORK))]
    return Built(parts, Starlette(routes=routes))


def restore(_: Settings) -> Restore:
    """How storage takes back what it had said itself."""
    return Restore({"asset.stored": asset_stored.translate}, restore_results)


def worker_parts(
    settings: Settings, db: Database, outbox: Outbox, workshop: Workshop
) -> tuple[Worker, list[Part]]:
    """The worker and the parts that it needs, which start before it."""
    leases = KeepLeases(db, settings.lease_seconds)
    copy = CopyTask(
        db,
        RecordResults(db, outbox, settings.s3_bucket),
        workshop,
        Providers(settings.configured()),
        leases,
    )
    worker = Worker(
        db,
        WORK,
        copy,
        concurrency=settings.concurrency,
        lease_seconds=settings.lease_seconds,
        idle_seconds=settings.worker_idle_seconds,
    )
    eraser = Worker(
        db,
        erase_task.WORK,
        erase_task.EraseTask(db, workshop),
        concurrency=4,
        lease_seconds=settings.lease_seconds,
        idle_seconds=settings.eraser_idle_seconds,
    )
    return worker, [workshop, leases, eraser]


def make_workshop(settings: Settings) -> Workshop:
    """What copies are made with, not opened yet."""
    return Workshop(
        WorkshopConfig(
            store=settings.store(),
            probes=ProbeLimits(workers=settings.probe_processes, file_bytes=settings.max_bytes),
            downloads=DownloadLimits(settings.max_bytes, total_seconds=settings.download_seconds),
            spool_directory=settings.spool_directory,
            allowed_hosts=settings.allowed_hosts,
        )
    )

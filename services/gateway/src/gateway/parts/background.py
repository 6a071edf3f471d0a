"""What runs beside the API: the consumer and what is done from time to time."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from runtime.db import Database
from runtime.health import Part
from runtime.outbox.recorder import Outbox
from runtime.plumbing import Plumbing
from runtime.timer import Timer

from gateway.db import task_events
from gateway.inbound.events import TRANSLATORS
from gateway.inbound.http.documents import Writer
from gateway.outbound.objects import Objects
from gateway.outbound.upload_store import UploadStore
from gateway.settings import Settings
from gateway.usecases.delete_tasks import DeleteTasks
from gateway.usecases.expire_uploads import ExpireUploads
from gateway.usecases.forget_keys import ForgetKeys
from gateway.usecases.measure import readings
from gateway.usecases.project_facts import ProjectFacts
from gateway.usecases.request_again import RequestAgain
from gateway.usecases.tell_owners import Documents, TellOwners


def background(settings: Settings, base: Plumbing, objects: Objects) -> list[Part]:
    """The parts of the role `consumer`."""
    db, outbox = base.db, base.outbox
    return [
        base.bus(TRANSLATORS, project(settings, db, outbox)),
        base.measure(TRANSLATORS, own=readings()),
        _repeater(settings, db, outbox),
        *_tidiers(settings, db, outbox, objects),
    ]


def project(settings: Settings, db: Database, outbox: Outbox) -> ProjectFacts:
    """What is made of the facts that are read; streams are told, and owners."""

    async def announce(task_ids: Collection[UUID]) -> None:
        await task_events.notify(db.pool, task_ids)

    return ProjectFacts(announce, tell_owners(settings, outbox))


def tell_owners(settings: Settings, outbox: Outbox) -> TellOwners:
    """What the accounts' webhooks are told, in the words of v1."""
    writer, files = Writer(settings.currency), settings.files_url or "/files"
    return TellOwners(outbox, Documents(lambda row: writer.task(row, files), writer.credits_low))


def _repeater(settings: Settings, db: Database, outbox: Outbox) -> Timer:
    again = RequestAgain(
        db, outbox, after=timedelta(seconds=settings.repeat_after_seconds), limit=settings.repeat_limit
    )
    return Timer("request_again", again, settings.repeat_every_seconds)


def _tidiers(settings: Settings, db: Database, outbox: Outbox, objects: Objects) -> list[Timer]:
    expire = ExpireUploads(db, UploadStore(objects, settings.s3_bucket))
    keys = ForgetKeys(db, timedelta(hours=settings.idempotency_hours))
    return [
        Timer("forget_keys", keys, settings.tidy_every_seconds),
        Timer("expire_uploads", expire, settings.tidy_every_seconds),
        Timer("retention", DeleteTasks(db, outbox).expire, settings.tidy_every_seconds),
    ]

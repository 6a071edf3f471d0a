"""The only place where the gateway's parts are constructed and joined."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from uuid import UUID

from catalog.catalog import Catalog
from fastapi import FastAPI
from runtime.bus.consumer import Bus
from runtime.bus.letters import Letters
from runtime.cli import Built
from runtime.db import Database
from runtime.group_commit import GroupCommit
from runtime.health import Part
from runtime.internal import InternalClient
from runtime.operating import Operating
from runtime.outbox.recorder import Outbox
from runtime.outbox.relay import Relay
from runtime.timer import Timer

from gateway.db import task_events
from gateway.domain.admission import Decision, Order
from gateway.domain.uploads import UploadLimits
from gateway.inbound.events import TRANSLATORS
from gateway.inbound.http.admin.area import Admin
from gateway.inbound.http.admit import Admit
from gateway.inbound.http.api import make_api
from gateway.inbound.http.documents import Writer
from gateway.inbound.http.file_links import FileLinks
from gateway.inbound.http.files import Files
from gateway.inbound.http.openai.images import Images
from gateway.inbound.http.openai.models import OpenAIModels
from gateway.inbound.http.openai.results import Results
from gateway.inbound.http.openai.speech import Speech
from gateway.inbound.http.openai.videos import Videos
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.orders import Orders
from gateway.inbound.http.quickstart.account import Account
from gateway.inbound.http.quickstart.generate import Generate
from gateway.inbound.http.quickstart.history import History
from gateway.inbound.http.quickstart.input_images import InputImages
from gateway.inbound.http.quickstart.jobs import Jobs
from gateway.inbound.http.quickstart.keys import NamedKeys
from gateway.inbound.http.quickstart.models import QuickstartModels
from gateway.inbound.http.quickstart.sent_files import SentFiles
from gateway.inbound.http.quickstart.served_files import ServedFiles
from gateway.inbound.http.v1.catalog import Credits, Models
from gateway.inbound.http.v1.credits_history import CreditsHistory
from gateway.inbound.http.v1.estimate import Estimate
from gateway.inbound.http.v1.keys import Keys
from gateway.inbound.http.v1.submit import TASKS_PATH, Submit
from gateway.inbound.http.v1.task_changes import TaskChanges
from gateway.inbound.http.v1.task_list import TaskList
from gateway.inbound.http.v1.task_reader import TaskReader
from gateway.inbound.http.v1.tasks import Tasks
from gateway.inbound.http.v1.uploads import Uploads
from gateway.inbound.http.v1.usage import Usage
from gateway.inbound.http.v1.webhooks import Webhooks
from gateway.inbound.http.video.area import SURFACE as VIDEO
from gateway.inbound.http.video.area import VideoRoutes
from gateway.outbound.callbacks import TIMEOUT_SECONDS, Callbacks
from gateway.outbound.dispatcher import TIMEOUT_SECONDS as ASKING_SECONDS
from gateway.outbound.dispatcher import Dispatcher
from gateway.outbound.ledger import Ledger
from gateway.outbound.objects import Objects, StoreAddress
from gateway.outbound.owner import Owner
from gateway.outbound.rate_store import RateStore
from gateway.outbound.services import Services
from gateway.outbound.upload_store import UploadStore
from gateway.settings import Settings
from gateway.usecases.announce_upload import AnnounceUpload
from gateway.usecases.authenticate import Authenticate
from gateway.usecases.await_tasks import AwaitTasks
from gateway.usecases.cancel_task import CancelTask
from gateway.usecases.check_request import CheckRequest
from gateway.usecases.delete_tasks import DeleteTasks
from gateway.usecases.expire_uploads import ExpireUploads
from gateway.usecases.explain_attempts import ExplainAttempts
from gateway.usecases.follow_tasks import FollowTasks
from gateway.usecases.forget_keys import ForgetKeys
from gateway.usecases.keep_upload import KeepUpload
from gateway.usecases.limit_requests import LimitRequests
from gateway.usecases.project_facts import ProjectFacts
from gateway.usecases.queue_positions import QueuePositions
from gateway.usecases.request_again import RequestAgain
from gateway.usecases.revoke_links import RevokeLinks
from gateway.usecases.submit_tasks import QUICKSTART, SubmitTasks
from gateway.usecases.take_order import TakeOrder
from gateway.usecases.tell_owners import Documents, TellOwners
from gateway.usecases.use_uploads import UseUploads

SERVICE = "gateway"
OPERATOR_SECONDS = 30.0


def build(settings: Settings, roles: frozenset[str]) -> Built:
    """The parts for the roles asked for, in starting order, and the API."""
    db = Database(
        settings.database_dsn.get_secret_value(), name=SERVICE, pool_size=settings.database_pool_size
    )
    relay = Relay(
        db,
        service=SERVICE,
        bootstrap=settings.kafka_bootstrap,
        retention_days=settings.outbox_retention_days,
    )
    outbox = Outbox(SERVICE, nudge=relay.nudge)
    objects = Objects(store_address(settings))
    parts: list[Part] = [db, relay, objects]
    app = None
    if "api" in roles:
        follow = FollowTasks(db, settings.events_poll_seconds)
        rates = RateStore(settings.rate_store)
        parts += [follow, rates]
        callbacks, dispatcher = _callbacks(settings), _dispatcher(settings)
        owners = _owners(settings)
        parts += [client for client in (callbacks, dispatcher, *owners.values()) if client]
        app = make_app(settings, db, outbox, follow, objects, rates, callbacks, dispatcher, owners)
    if "consumer" in roles:
        parts += [_consumer(settings, db, outbox), _repeater(settings, db, outbox)]
        parts += _tidiers(settings, db, outbox, objects)
    return Built(parts, app)


@dataclass(frozen=True, slots=True)
class Shared:
    """What the API's areas are made of."""

    settings: Settings
    db: Database
    outbox: Outbox
    follow: FollowTasks
    objects: Objects
    catalog: Catalog
    admit: Admit
    check: CheckRequest
    take: TakeOrder
    writer: Writer
    files: Files
    links: FileLinks
    store: UploadStore
    keep: KeepUpload
    use: UseUploads


def make_app(
    settings: Settings,
    db: Database,
    outbox: Outbox,
    follow: FollowTasks,
    objects: Objects,
    rates: RateStore,
    callbacks: InternalClient | None = None,
    dispatcher: InternalClient | None = None,
    owners: Mapping[str, InternalClient] = MappingProxyType({}),
) -> FastAPI:
    """The public API on these parts: each area brings its operations. `owners` answer the operator."""
    secret = settings.key_pepper.get_secret_value().encode()
    ledger = Ledger(Owner("ledger", owners.get("ledger")))
    services = Services(owners, Operating(Letters(db, TRANSLATORS, _project(settings, db, outbox))))
    shared = _shared(settings, db, outbox, follow, objects, rates)
    submit = Submit(shared.admit, shared.take, shared.writer, settings.max_body_bytes)
    operations = [
        *submit.operations(),
        *_tasks(shared, dispatcher),
        *Models(shared.admit, shared.catalog, shared.check).operations(),
        *Credits(shared.admit, db, shared.writer).operations(),
        *CreditsHistory(shared.admit, ledger, secret).operations(),
        *Usage(shared.admit, db, settings.currency).operations(),
        *Keys(shared.admit, db, secret).operations(),
        *_admin(shared, ledger, services),
        *Webhooks(shared.admit, Callbacks(callbacks), db).operations(),
        *_uploads(shared),
        *_openai(shared),
        *_video(shared),
        *_quickstart(shared, Dispatcher(dispatcher), ledger),
        *shared.files.operations(),
    ]
    return make_api(operations, hot=("POST", TASKS_PATH, submit.__call__))


def _owners(settings: Settings) -> dict[str, InternalClient]:
    """The other services as an operator asks them: with more patience than a customer's request has."""
    urls = {
        "callbacks": settings.callbacks_url,
        "dispatcher": settings.dispatcher_url,
        "ledger": settings.ledger_url,
        "storage": settings.storage_url,
    }
    token = settings.service_token.get_secret_value()
    return {
        name: InternalClient(name, url, token, timeout_seconds=OPERATOR_SECONDS)
        for name, url in urls.items()
        if url is not None
    }


def _callbacks(settings: Settings) -> InternalClient | None:
    if settings.callbacks_url is None:
        return None
    token = settings.service_token.get_secret_value()
    return InternalClient("callbacks", settings.callbacks_url, token, timeout_seconds=TIMEOUT_SECONDS)


def _dispatcher(settings: Settings) -> InternalClient | None:
    if settings.dispatcher_url is None:
        return None
    token = settings.service_token.get_secret_value()
    return InternalClient("dispatcher", settings.dispatcher_url, token, timeout_seconds=ASKING_SECONDS)


def _shared(
    settings: Settings,
    db: Database,
    outbox: Outbox,
    follow: FollowTasks,
    objects: Objects,
    rates: RateStore,
) -> Shared:
    catalog = Catalog.load(settings.catalog_directory)
    check = CheckRequest(
        catalog,
        settings.providers,
        max_inline_bytes=settings.max_data_bytes if settings.files_url else settings.max_inline_bytes,
        travelling_bytes=settings.max_inline_bytes,
        least_deadline_seconds=settings.least_deadline_seconds,
        most_deadline_seconds=settings.most_deadline_seconds,
    )
    commit: GroupCommit[Order, Decision] = GroupCommit(
        SubmitTasks(db, outbox),
        max_batch=settings.submit_batch,
        max_waiting=settings.submit_waiting,
        lanes=settings.submit_lanes,
    )
    authenticate = Authenticate(
        db, settings.key_pepper.get_secret_value().encode(), settings.key_cache_seconds
    )
    limit = LimitRequests(rates, catalog.tiers, db)
    store = UploadStore(objects, settings.s3_bucket)
    keep = _keep(settings, db, store, catalog)
    use = UseUploads(db, catalog, keep, settings.files_url, settings.max_inline_bytes)
    return Shared(
        settings=settings,
        db=db,
        outbox=outbox,
        follow=follow,
        objects=objects,
        catalog=catalog,
        admit=Admit(authenticate, limit),
        check=check,
        take=TakeOrder(db, check, commit, limit, catalog.tiers, settings.task_deadline_seconds, use),
        writer=Writer(settings.currency),
        files=Files(db, objects, settings.link_cache_seconds),
        links=FileLinks(settings.public_url, settings.public_files_url),
        store=store,
        keep=keep,
        use=use,
    )


def _keep(settings: Settings, db: Database, store: UploadStore, catalog: Catalog) -> KeepUpload:
    limits = UploadLimits(
        {
            "image": settings.max_image_bytes,
            "audio": settings.max_audio_bytes,
            "video": settings.max_video_bytes,
        },
        {name: tier.max_upload_bytes for name, tier in catalog.tiers.items()},
        settings.max_image_pixels,
    )
    return KeepUpload(
        db,
        store,
        limits,
        unused_seconds=settings.unused_upload_hours * 3600,
        seconds=settings.upload_seconds,
        at_once=settings.uploads_at_once,
    )


def _uploads(shared: Shared) -> list[Operation]:
    settings, db = shared.settings, shared.db
    uploads = Uploads(
        shared.admit,
        db,
        shared.keep,
        AnnounceUpload(db, shared.store, shared.objects, shared.keep),
        ExpireUploads(db, shared.store),
        shared.links,
        settings.key_pepper.get_secret_value().encode(),
    )
    return uploads.operations()


def _tasks(shared: Shared, dispatcher: InternalClient | None) -> list[Operation]:
    settings, db = shared.settings, shared.db
    explain = ExplainAttempts(Dispatcher(dispatcher), settings.explain_after_seconds)
    reader = TaskReader(shared.admit, db, shared.writer, QueuePositions(db), explain, shared.links)
    tasks = Tasks(
        reader,
        shared.follow,
        heartbeat_seconds=settings.events_heartbeat_seconds,
        max_streams=settings.max_streams,
        most_wait_seconds=settings.most_wait_seconds,
    )
    changes = TaskChanges(
        reader, CancelTask(db, shared.outbox), DeleteTasks(db, shared.outbox), RevokeLinks(db)
    )
    return [
        *TaskList(reader, settings.key_pepper.get_secret_value().encode()).operations(),
        *Estimate(
            shared.admit, shared.check, shared.use, shared.writer, settings.max_body_bytes
        ).operations(),
        *tasks.operations(),
        *changes.operations(),
    ]


def _admin(shared: Shared, ledger: Ledger, services: Services) -> list[Operation]:
    secret = shared.settings.key_pepper.get_secret_value().encode()
    admin = Admin(
        shared.admit,
        shared.db,
        shared.outbox,
        shared.catalog,
        ledger,
        secret,
        services,
        shared.writer,
        shared.settings.public_url,
    )
    return admin.operations()


def _openai(shared: Shared) -> list[Operation]:
    settings, db = shared.settings, shared.db
    orders = Orders("openai", shared.admit, shared.take, shared.catalog)
    wait = AwaitTasks(shared.follow, settings.max_streams)
    results = Results(wait, db, shared.objects, settings.most_hold_seconds)
    videos = Videos(
        orders,
        db,
        shared.files,
        DeleteTasks(db, shared.outbox),
        shared.keep,
        links=shared.links,
        json_limit=settings.max_body_bytes,
        file_limit=settings.max_image_bytes,
    )
    return [
        *videos.operations(),
        *Images(orders, results, shared.links, settings.max_body_bytes).operations(),
        *Speech(orders, results, settings.max_body_bytes).operations(),
        *OpenAIModels(orders, shared.check).operations(),
    ]


def _quickstart(shared: Shared, dispatcher: Dispatcher, ledger: Ledger) -> list[Operation]:
    settings, db, admit = shared.settings, shared.db, shared.admit
    orders = Orders(QUICKSTART, admit, shared.take, shared.catalog)
    delete, cancel = DeleteTasks(db, shared.outbox), CancelTask(db, shared.outbox)
    return [
        *Generate(orders, SentFiles(db), settings.public_url, settings.max_body_bytes).operations(),
        *Jobs(admit, db, QueuePositions(db), cancel, settings.public_url).operations(),
        *History(admit, db, shared.catalog, delete, settings.public_url).operations(),
        *ServedFiles(admit, db, shared.files).operations(),
        *InputImages(admit, db, shared.keep, shared.files, settings.public_url).operations(),
        *QuickstartModels(admit, shared.catalog, shared.check, dispatcher, settings.currency).operations(),
        *Account(admit, db, shared.catalog, ledger).operations(),
        *NamedKeys(admit, db, settings.key_pepper.get_secret_value().encode()).operations(),
    ]


def _video(shared: Shared) -> list[Operation]:
    settings = shared.settings
    orders = Orders(VIDEO, shared.admit, shared.take, shared.catalog)
    return VideoRoutes(
        orders,
        shared.db,
        shared.check,
        settings.public_url,
        settings.max_body_bytes,
        settings.key_pepper.get_secret_value().encode(),
    ).operations()


def store_address(settings: Settings) -> StoreAddress:
    """Where results are."""
    return StoreAddress(
        endpoint=settings.s3_endpoint,
        public_endpoint=settings.s3_public_endpoint,
        region=settings.s3_region,
        access_key=settings.s3_access_key.get_secret_value(),
        secret_key=settings.s3_secret_key.get_secret_value(),
    )


def _project(settings: Settings, db: Database, outbox: Outbox) -> ProjectFacts:
    async def announce(task_ids: Collection[UUID]) -> None:
        await task_events.notify(db.pool, task_ids)

    return ProjectFacts(announce, tell_owners(settings, outbox))


def _consumer(settings: Settings, db: Database, outbox: Outbox) -> Bus:
    return Bus(
        db,
        outbox,
        service=SERVICE,
        bootstrap=settings.kafka_bootstrap,
        translators=TRANSLATORS,
        apply=_project(settings, db, outbox),
        instance=settings.instance_id,
        wait_ms=settings.consumer_wait_ms,
        max_records=settings.consumer_max_records,
        dead_letters_per_minute=settings.dead_letters_per_minute,
    )


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

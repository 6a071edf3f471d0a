"""What the API's areas are made of."""

from dataclasses import dataclass

from catalog.catalog import Catalog
from runtime.db import Database
from runtime.group_commit import GroupCommit
from runtime.outbox.backlog import Backlog
from runtime.outbox.recorder import Outbox

from gateway.domain.admission import Decision, Order
from gateway.domain.uploads import UploadLimits
from gateway.inbound.http.admit import Admit
from gateway.inbound.http.documents import Writer
from gateway.inbound.http.file_links import FileLinks
from gateway.inbound.http.files import Files
from gateway.outbound.objects import Objects, StoreAddress
from gateway.outbound.rate_store import RateStore
from gateway.outbound.storage import Storage
from gateway.outbound.upload_store import UploadStore
from gateway.settings import Settings
from gateway.usecases.authenticate import Authenticate
from gateway.usecases.check_request import CheckRequest
from gateway.usecases.follow_tasks import FollowTasks
from gateway.usecases.have_room import HaveRoom
from gateway.usecases.keep_upload import KeepUpload
from gateway.usecases.limit_guesses import LimitGuesses
from gateway.usecases.limit_requests import LimitRequests
from gateway.usecases.submit_tasks import SubmitTasks
from gateway.usecases.take_order import TakeOrder
from gateway.usecases.use_uploads import UseUploads


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
    storage: Storage
    use: UseUploads

    @property
    def secret(self) -> bytes:
        """What keys are hashed and cursors signed with."""
        return self.settings.key_pepper.get_secret_value().encode()


def shared_parts(
    settings: Settings,
    db: Database,
    outbox: Outbox,
    follow: FollowTasks,
    objects: Objects,
    rates: RateStore,
    storage: Storage,
    catalog: Catalog,
) -> Shared:
    """Everything that more than one area needs."""
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
        db,
        settings.key_pepper.get_secret_value().encode(),
        settings.key_cache_seconds,
        LimitGuesses(settings.wrong_keys_per_minute),
    )
    limit = LimitRequests(rates, catalog.tiers, db)
    store = UploadStore(objects, settings.s3_bucket)
    keep = _keep(settings, db, store, storage, catalog)
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
        take=TakeOrder(
            db,
            check,
            commit,
            limit,
            catalog.tiers,
            settings.task_deadline_seconds,
            use,
            HaveRoom(Backlog(db), settings.most_unsent_seconds),
        ),
        writer=Writer(settings.currency),
        files=Files(db, objects, settings.link_cache_seconds),
        links=FileLinks(settings.public_url, settings.public_files_url),
        store=store,
        keep=keep,
        storage=storage,
        use=use,
    )


def _keep(
    settings: Settings, db: Database, store: UploadStore, storage: Storage, catalog: Catalog
) -> KeepUpload:
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
        storage,
        unused_seconds=settings.unused_upload_hours * 3600,
        seconds=settings.upload_seconds,
        at_once=settings.uploads_at_once,
    )


def store_address(settings: Settings) -> StoreAddress:
    """Where results are."""
    return StoreAddress(
        endpoint=settings.s3_endpoint,
        public_endpoint=settings.s3_public_endpoint,
        region=settings.s3_region,
        access_key=settings.s3_access_key.get_secret_value(),
        secret_key=settings.s3_secret_key.get_secret_value(),
    )

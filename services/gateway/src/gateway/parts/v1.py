"""The parts of `/api/v1`, as customers see it."""

from runtime.internal import InternalClient

from gateway.inbound.http.operation import Operation
from gateway.inbound.http.v1.catalog import Credits, Models
from gateway.inbound.http.v1.credits_history import CreditsHistory
from gateway.inbound.http.v1.delivery_list import DeliveryList
from gateway.inbound.http.v1.estimate import Estimate
from gateway.inbound.http.v1.keys import Keys
from gateway.inbound.http.v1.task_changes import TaskChanges
from gateway.inbound.http.v1.task_list import TaskList
from gateway.inbound.http.v1.task_reader import TaskReader
from gateway.inbound.http.v1.tasks import Tasks
from gateway.inbound.http.v1.uploads import Uploads
from gateway.inbound.http.v1.usage import Usage
from gateway.inbound.http.v1.webhooks import Webhooks
from gateway.outbound.callbacks import Callbacks
from gateway.outbound.dispatcher import Dispatcher
from gateway.outbound.ledger import Ledger
from gateway.parts.shared import Shared
from gateway.usecases.announce_upload import AnnounceUpload
from gateway.usecases.cancel_task import CancelTask
from gateway.usecases.delete_tasks import DeleteTasks
from gateway.usecases.expire_uploads import ExpireUploads
from gateway.usecases.explain_attempts import ExplainAttempts
from gateway.usecases.queue_positions import QueuePositions
from gateway.usecases.revoke_links import RevokeLinks


def v1(
    shared: Shared, ledger: Ledger, callbacks: InternalClient | None, dispatcher: InternalClient | None
) -> list[Operation]:
    """Everything but the submit, which is answered before any routing."""
    db = shared.db
    return [
        *_tasks(shared, dispatcher),
        *Models(shared.admit, shared.catalog, shared.check).operations(),
        *Credits(shared.admit, db, shared.writer).operations(),
        *CreditsHistory(shared.admit, ledger, shared.secret).operations(),
        *Usage(shared.admit, db, shared.settings.currency).operations(),
        *Keys(shared.admit, db, shared.secret).operations(),
        *DeliveryList(shared.admit, Callbacks(callbacks), shared.secret).operations(),
        *Webhooks(shared.admit, Callbacks(callbacks), db).operations(),
        *_uploads(shared),
    ]


def _uploads(shared: Shared) -> list[Operation]:
    db = shared.db
    uploads = Uploads(
        shared.admit,
        db,
        shared.keep,
        AnnounceUpload(db, shared.store, shared.objects, shared.keep),
        ExpireUploads(db, shared.store),
        shared.links,
        shared.secret,
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
        *TaskList(reader, shared.secret).operations(),
        *Estimate(
            shared.admit, shared.check, shared.use, shared.writer, settings.max_body_bytes
        ).operations(),
        *tasks.operations(),
        *changes.operations(),
    ]

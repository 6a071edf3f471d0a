"""The surfaces beside v1."""

from gateway.inbound.http.openai.images import Images
from gateway.inbound.http.openai.models import OpenAIModels
from gateway.inbound.http.openai.results import Results
from gateway.inbound.http.openai.speech import Speech
from gateway.inbound.http.openai.videos import Videos
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.orders import Orders
from gateway.inbound.http.quickstart.account import Account
from gateway.inbound.http.quickstart.extend import Extend
from gateway.inbound.http.quickstart.generate import Generate
from gateway.inbound.http.quickstart.history import History
from gateway.inbound.http.quickstart.input_images import InputImages
from gateway.inbound.http.quickstart.jobs import Jobs
from gateway.inbound.http.quickstart.keys import NamedKeys
from gateway.inbound.http.quickstart.models import QuickstartModels
from gateway.inbound.http.quickstart.sent_files import SentFiles
from gateway.inbound.http.quickstart.served_files import ServedFiles
from gateway.inbound.http.video.area import SURFACE as VIDEO
from gateway.inbound.http.video.area import VideoRoutes
from gateway.outbound.dispatcher import Dispatcher
from gateway.outbound.ledger import Ledger
from gateway.parts.shared import Shared
from gateway.usecases.await_tasks import AwaitTasks
from gateway.usecases.cancel_task import CancelTask
from gateway.usecases.delete_tasks import DeleteTasks
from gateway.usecases.queue_positions import QueuePositions
from gateway.usecases.submit_tasks import QUICKSTART
from gateway.usecases.take_last_frame import TakeLastFrame


def openai(shared: Shared) -> list[Operation]:
    """OpenAI's API at `/v1`."""
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


def quickstart(shared: Shared, dispatcher: Dispatcher, ledger: Ledger) -> list[Operation]:
    """Seed 003's API at `/api`."""
    settings, db, admit = shared.settings, shared.db, shared.admit
    orders = Orders(QUICKSTART, admit, shared.take, shared.catalog)
    generate = Generate(orders, SentFiles(db), shared.links, settings.max_body_bytes)
    frame = TakeLastFrame(db, shared.storage, shared.keep)
    delete, cancel = DeleteTasks(db, shared.outbox), CancelTask(db, shared.outbox)
    return [
        *generate.operations(),
        *Extend(generate, db, frame, shared.links).operations(),
        *Jobs(admit, db, QueuePositions(db), cancel, shared.links).operations(),
        *History(admit, db, shared.catalog, delete, shared.links).operations(),
        *ServedFiles(admit, db, shared.files).operations(),
        *InputImages(admit, db, shared.keep, shared.files, shared.links).operations(),
        *QuickstartModels(admit, shared.catalog, shared.check, dispatcher, settings.currency).operations(),
        *Account(admit, db, shared.catalog, ledger).operations(),
        *NamedKeys(admit, db, shared.secret).operations(),
    ]


def video(shared: Shared) -> list[Operation]:
    """Seed 000's API at `/api/v1/video`."""
    settings = shared.settings
    orders = Orders(VIDEO, shared.admit, shared.take, shared.catalog)
    return VideoRoutes(
        orders,
        shared.db,
        shared.check,
        shared.links,
        settings.max_body_bytes,
        shared.secret,
    ).operations()

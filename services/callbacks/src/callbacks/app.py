"""The only place where callbacks is constructed and joined."""

from collections.abc import Sequence

from runtime.bus.letters import Letters
from runtime.cli import Built
from runtime.db import Database
from runtime.group_commit import GroupCommit
from runtime.health import Part
from runtime.internal import InternalRoutes
from runtime.operating import Operating
from runtime.outbox.recorder import Outbox
from runtime.plumbing import lay
from runtime.recovery.recover import Restore
from runtime.timer import Timer
from runtime.work.worker import Worker
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from callbacks.db.story import STORY
from callbacks.domain.webhook import Webhook
from callbacks.inbound.events import TRANSLATORS
from callbacks.inbound.events.webhook_delivered import webhook_delivered
from callbacks.inbound.http import errors, webhooks
from callbacks.inbound.http.customers import Customers
from callbacks.inbound.http.listeners import Listeners
from callbacks.outbound.judge import Judge
from callbacks.outbound.key_sets import KeySets
from callbacks.outbound.post import Post
from callbacks.settings import Settings
from callbacks.usecases.accept_news import AcceptNews
from callbacks.usecases.deliver_messages import WORK
from callbacks.usecases.deliver_webhook import DeliverWebhook
from callbacks.usecases.forget_deliveries import forget_deliveries
from callbacks.usecases.forget_webhooks import forget_webhooks
from callbacks.usecases.lanes import Lanes
from callbacks.usecases.measure import readings
from callbacks.usecases.provider_keys import Fetch, ProviderKeys
from callbacks.usecases.receive_webhook import Reception
from callbacks.usecases.restore_deliveries import restore_deliveries
from callbacks.usecases.store_webhooks import store_webhooks

SERVICE = "callbacks"
ROLES = ("api", "consumer", "worker")

RETENTION_SECONDS = 3600.0
LEASE_MARGIN_SECONDS = 15.0


def build(settings: Settings, roles: frozenset[str]) -> Built:
    """The parts of a process and its HTTP app."""
    base = lay(SERVICE, settings)
    parts: list[Part] = [*base.parts, *_retention(settings, base.db)]
    worker: Worker | None = None
    if "worker" in roles:
        post = make_post(settings)
        worker = make_worker(settings, base.db, base.outbox, post)
        parts += [post, worker]
    if "consumer" in roles:
        bus = base.bus(TRANSLATORS, AcceptNews(worker.wake if worker else None))
        parts += [bus, base.measure(TRANSLATORS, kinds=(WORK,), own=readings())]
    app: Starlette | None = None
    if "api" in roles:
        key_sets = KeySets(settings.allowed_hosts)
        parts.append(key_sets)
        app = http_app(reception(settings, base.db, base.outbox, key_sets), customers(settings, base.db))
    return Built(parts, app)


def restore(_: Settings) -> Restore:
    """How callbacks takes back what it had said itself; raw webhooks are as old as the backup."""
    return Restore({"webhook.delivered": webhook_delivered}, restore_deliveries)


def make_post(settings: Settings) -> Post:
    """What posts to customers."""
    return Post(
        settings.allowed_hosts,
        https_only=settings.https_only,
        timeout_seconds=settings.delivery_timeout_seconds,
        connections=settings.delivery_concurrency,
    )


def make_worker(settings: Settings, db: Database, outbox: Outbox, post: Post) -> Worker:
    """What delivers."""
    deliver = DeliverWebhook(
        db,
        outbox,
        post,
        lanes=Lanes(settings.endpoint_concurrency),
        schedule=settings.schedule(),
        signing_key=settings.signing_key.get_secret_value().encode(),
    )
    return Worker(
        db,
        WORK,
        deliver,
        concurrency=settings.delivery_concurrency,
        lease_seconds=settings.delivery_timeout_seconds + LEASE_MARGIN_SECONDS,
        idle_seconds=settings.worker_idle_seconds,
    )


def _retention(settings: Settings, db: Database) -> list[Part]:
    received, sent = settings.webhook_retention_days, settings.delivery_retention_days
    return [
        Timer("webhook_retention", lambda: forget_webhooks(db, received), RETENTION_SECONDS),
        Timer("delivery_retention", lambda: forget_deliveries(db, sent), RETENTION_SECONDS),
    ]


def reception(settings: Settings, db: Database, outbox: Outbox, fetch: Fetch) -> Reception:
    """Where webhooks are received; they share commits."""

    async def write(batch: Sequence[Webhook]) -> Sequence[bool | Exception]:
        return await store_webhooks(db, outbox, batch)

    return Reception(
        GroupCommit(write, linger_seconds=0.0),
        providers=settings.providers,
        secrets=[secret.get_secret_value() for secret in settings.callback_secrets],
        keys=ProviderKeys(
            {name: [key.get_secret_value() for key in keys] for name, keys in settings.webhook_keys.items()},
            settings.webhook_jwks,
            fetch,
        ),
    )


def customers(settings: Settings, db: Database) -> list[Route]:
    """What the gateway asks about customers' webhooks."""
    signing_key = settings.signing_key.get_secret_value().encode()
    internal = InternalRoutes(settings.service_token.get_secret_value())
    managing = Customers(
        db,
        Judge(settings.allowed_hosts, https_only=settings.https_only),
        signing_key,
        max_endpoints=settings.max_endpoints,
        rotation_seconds=settings.rotation_hours * 3600,
    )
    operating = Operating(Letters(db, TRANSLATORS, AcceptNews(None)), STORY)
    return [
        *managing.routes(internal),
        *Listeners(db, signing_key).routes(internal),
        *operating.routes(internal),
    ]


def http_app(receiving: Reception, internal: Sequence[Route] = ()) -> Starlette:
    """The HTTP side: where providers call, and what the gateway asks."""
    endpoint = webhooks.WebhookEndpoint(receiving)
    return Starlette(
        routes=[Route(webhooks.PATH, endpoint.__call__, methods=["POST"]), *internal],
        exception_handlers={HTTPException: errors.framework_error, Exception: errors.unexpected},
    )

"""The only place where callbacks is constructed and joined."""

from collections.abc import Sequence

from runtime.cli import Built
from runtime.db import Database
from runtime.group_commit import GroupCommit
from runtime.outbox.recorder import Outbox
from runtime.outbox.relay import Relay
from runtime.timer import Timer
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from callbacks.domain.webhook import Webhook
from callbacks.inbound.http import errors, webhooks
from callbacks.settings import Settings
from callbacks.usecases.forget_webhooks import forget_webhooks
from callbacks.usecases.receive_webhook import Reception
from callbacks.usecases.store_webhooks import store_webhooks

SERVICE = "callbacks"
ROLES = ("api",)


RETENTION_SECONDS = 3600.0


def build(settings: Settings, roles: frozenset[str]) -> Built:
    """The parts of a process and its HTTP app."""
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
    retention = Timer(
        "retention", lambda: forget_webhooks(db, settings.webhook_retention_days), RETENTION_SECONDS
    )
    app = http_app(reception(settings, db, outbox)) if "api" in roles else None
    return Built([db, relay, retention], app)


def reception(settings: Settings, db: Database, outbox: Outbox) -> Reception:
    """Where webhooks are received; they share commits."""

    async def write(batch: Sequence[Webhook]) -> Sequence[bool | Exception]:
        return await store_webhooks(db, outbox, batch)

    return Reception(
        GroupCommit(write, linger_seconds=0.005),
        providers=settings.providers,
        secrets=[secret.get_secret_value() for secret in settings.callback_secrets],
    )


def http_app(receiving: Reception) -> Starlette:
    """The HTTP side: one route."""
    endpoint = webhooks.WebhookEndpoint(receiving)
    return Starlette(
        routes=[Route(webhooks.PATH, endpoint.__call__, methods=["POST"])],
        exception_handlers={HTTPException: errors.framework_error, Exception: errors.unexpected},
    )

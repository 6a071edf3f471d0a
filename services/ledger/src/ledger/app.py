"""Where the ledger is put together."""

from datetime import timedelta
from functools import partial

from runtime.bus.consumer import Bus
from runtime.bus.ends import read_ends
from runtime.bus.letters import Letters
from runtime.cli import Built
from runtime.db import Database
from runtime.health import Part
from runtime.internal import InternalRoutes
from runtime.operating import Operating
from runtime.plumbing import lay
from runtime.recovery.recover import Restore
from starlette.applications import Starlette

from ledger.db.story import STORY
from ledger.domain import rebuild
from ledger.inbound.events import TRANSLATORS, own
from ledger.inbound.http.books import Books
from ledger.inbound.sweeper import Sweeper
from ledger.settings import Settings
from ledger.usecases.apply_facts import ApplyFacts
from ledger.usecases.check_books import check_books
from ledger.usecases.keep_checking import KeepChecking
from ledger.usecases.measure import readings
from ledger.usecases.restore_books import restore_books
from ledger.usecases.sweep_expired import sweep_expired

SERVICE = "ledger"


def build(settings: Settings, roles: frozenset[str]) -> Built:
    """The parts for the roles: `consumer` moves credits, `worker` lets holds expire, `api` answers."""
    base = lay(SERVICE, settings, group=settings.consumer_group)
    apply = ApplyFacts(base.outbox, hold_margin=timedelta(seconds=settings.hold_margin_seconds))
    parts: list[Part] = [*base.parts]
    bus = base.bus(TRANSLATORS, apply) if "consumer" in roles else None
    if bus is not None:
        measure = base.measure(TRANSLATORS, own=readings())
        parts += [bus, measure]
    if "worker" in roles:
        parts.append(_sweeper(settings, base.db, apply, bus))
    return Built(parts, internal_app(settings, base.db, apply) if "api" in roles else None)


def restore(_: Settings) -> Restore:
    """How the ledger books again what it had said itself."""
    return Restore(own.TRANSLATORS, restore_books, rebuild.order)


def internal_app(settings: Settings, db: Database, apply: ApplyFacts) -> Starlette:
    """What other services may ask."""
    internal = InternalRoutes(settings.service_token.get_secret_value())
    checks = KeepChecking(partial(check_books, settings.database_dsn.get_secret_value()))
    operating = Operating(Letters(db, TRANSLATORS, apply), STORY)
    return Starlette(routes=[*Books(db, checks).routes(internal), *operating.routes(internal)])


def _sweeper(settings: Settings, db: Database, apply: ApplyFacts, bus: Bus | None) -> Sweeper:
    return Sweeper(
        db,
        partial(sweep_expired, db, apply),
        partial(read_ends, settings.kafka_bootstrap, tuple(TRANSLATORS)),
        every_seconds=settings.sweep_every_seconds,
        calm_seconds=settings.sweep_calm_seconds,
        group=settings.consumer_group,
        consumer=bus.unready if bus is not None else lambda: None,
    )

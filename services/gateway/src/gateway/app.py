"""The only place where the gateway's parts are joined; what each is made of stands in `parts/`."""

from catalog.catalog import Catalog
from fastapi import FastAPI
from runtime.bus.letters import Letters
from runtime.cli import Built
from runtime.db import Database
from runtime.health import Part
from runtime.operating import Operating
from runtime.outbox.recorder import Outbox
from runtime.plumbing import lay
from runtime.recovery.recover import Restore

from gateway.db.story import STORY
from gateway.inbound.events import TRANSLATORS, own
from gateway.inbound.http.api import make_api
from gateway.inbound.http.v1.submit import TASKS_PATH, Submit
from gateway.outbound.dispatcher import Dispatcher
from gateway.outbound.ledger import Ledger
from gateway.outbound.objects import Objects
from gateway.outbound.owner import Owner
from gateway.outbound.rate_store import RateStore
from gateway.outbound.services import Services
from gateway.outbound.storage import Storage
from gateway.parts.background import background, project
from gateway.parts.clients import Others, others
from gateway.parts.operator import admin, note_prices
from gateway.parts.shared import shared_parts, store_address
from gateway.parts.surfaces import openai, quickstart, video
from gateway.parts.v1 import v1
from gateway.settings import Settings
from gateway.usecases.follow_tasks import FollowTasks
from gateway.usecases.restore_tasks import restore_tasks

SERVICE = "gateway"


def build(settings: Settings, roles: frozenset[str]) -> Built:
    """The parts for the roles asked for, in starting order, and the API."""
    base = lay(SERVICE, settings)
    objects = Objects(store_address(settings))
    parts: list[Part] = [*base.parts, objects]
    app = None
    if "api" in roles:
        follow = FollowTasks(base.db, settings.events_poll_seconds)
        rates = RateStore(settings.rate_store)
        known = others(settings)
        catalog = Catalog.load(settings.catalog_directory)
        parts += [follow, rates, *known.parts, note_prices(settings, base.db, catalog)]
        app = make_app(settings, base.db, base.outbox, follow, objects, rates, known, catalog)
    if "consumer" in roles:
        parts += background(settings, base, objects)
    return Built(parts, app)


def restore(_: Settings) -> Restore:
    """How the gateway takes back what it had said itself."""
    return Restore(own.TRANSLATORS, restore_tasks)


def make_app(
    settings: Settings,
    db: Database,
    outbox: Outbox,
    follow: FollowTasks,
    objects: Objects,
    rates: RateStore,
    known: Others | None = None,
    catalog: Catalog | None = None,
) -> FastAPI:
    """The public API on these parts: each area brings its operations. `known`: the other services."""
    known, catalog = known or Others(), catalog or Catalog.load(settings.catalog_directory)
    ledger = Ledger(Owner("ledger", known.owners.get("ledger")))
    letters = Letters(db, TRANSLATORS, project(settings, db, outbox))
    services = Services(known.owners, Operating(letters, STORY))
    shared = shared_parts(settings, db, outbox, follow, objects, rates, Storage(known.storage), catalog)
    submit = Submit(shared.admit, shared.take, shared.writer, settings.max_body_bytes)
    operations = [
        *submit.operations(),
        *v1(shared, ledger, known.callbacks, known.dispatcher),
        *admin(shared, ledger, services),
        *openai(shared),
        *video(shared),
        *quickstart(shared, Dispatcher(known.dispatcher), ledger),
        *shared.files.operations(),
    ]
    return make_api(operations, hot=("POST", TASKS_PATH, submit.__call__))

"""The only place where the gateway's parts are joined; what each is made of stands in `parts/`."""

from collections.abc import Mapping
from types import MappingProxyType

from fastapi import FastAPI
from runtime.bus.letters import Letters
from runtime.cli import Built
from runtime.db import Database
from runtime.health import Part
from runtime.internal import InternalClient
from runtime.operating import Operating
from runtime.outbox.recorder import Outbox
from runtime.plumbing import lay

from gateway.inbound.events import TRANSLATORS
from gateway.inbound.http.api import make_api
from gateway.inbound.http.v1.submit import TASKS_PATH, Submit
from gateway.outbound.dispatcher import Dispatcher
from gateway.outbound.ledger import Ledger
from gateway.outbound.objects import Objects
from gateway.outbound.owner import Owner
from gateway.outbound.rate_store import RateStore
from gateway.outbound.services import Services
from gateway.parts import clients
from gateway.parts.background import background, project
from gateway.parts.operator import admin
from gateway.parts.shared import shared_parts, store_address
from gateway.parts.surfaces import openai, quickstart, video
from gateway.parts.v1 import v1
from gateway.settings import Settings
from gateway.usecases.follow_tasks import FollowTasks

SERVICE = "gateway"


def build(settings: Settings, roles: frozenset[str]) -> Built:
    """The parts for the roles asked for, in starting order, and the API."""
    base = lay(SERVICE, settings)
    db, outbox = base.db, base.outbox
    objects = Objects(store_address(settings))
    parts: list[Part] = [*base.parts, objects]
    app = None
    if "api" in roles:
        follow = FollowTasks(db, settings.events_poll_seconds)
        rates = RateStore(settings.rate_store)
        parts += [follow, rates]
        callbacks, dispatcher = clients.callbacks(settings), clients.dispatcher(settings)
        owners = clients.owners(settings)
        parts += [client for client in (callbacks, dispatcher, *owners.values()) if client]
        app = make_app(settings, db, outbox, follow, objects, rates, callbacks, dispatcher, owners)
    if "consumer" in roles:
        parts += background(settings, base, objects)
    return Built(parts, app)


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
    ledger = Ledger(Owner("ledger", owners.get("ledger")))
    services = Services(owners, Operating(Letters(db, TRANSLATORS, project(settings, db, outbox))))
    shared = shared_parts(settings, db, outbox, follow, objects, rates)
    submit = Submit(shared.admit, shared.take, shared.writer, settings.max_body_bytes)
    operations = [
        *submit.operations(),
        *v1(shared, ledger, callbacks, dispatcher),
        *admin(shared, ledger, services),
        *openai(shared),
        *video(shared),
        *quickstart(shared, Dispatcher(dispatcher), ledger),
        *shared.files.operations(),
    ]
    return make_api(operations, hot=("POST", TASKS_PATH, submit.__call__))

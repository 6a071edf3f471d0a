"""The parts of `/api/v1/admin`."""

from catalog.catalog import Catalog
from runtime.db import Database

from gateway.inbound.http.admin.area import Admin
from gateway.inbound.http.operation import Operation
from gateway.outbound.ledger import Ledger
from gateway.outbound.services import Services
from gateway.parts.shared import Shared
from gateway.settings import Settings
from gateway.usecases.note_prices import NotePrices


def admin(shared: Shared, ledger: Ledger, services: Services) -> list[Operation]:
    """The operator's API; `services` and the ledger are asked."""
    return Admin(
        shared.admit,
        shared.db,
        shared.outbox,
        shared.catalog,
        ledger,
        shared.secret,
        services,
        shared.writer,
        shared.links,
        shared.settings.currency,
    ).operations()


def note_prices(settings: Settings, db: Database, catalog: Catalog) -> NotePrices:
    """What notes in the audit log that this release's prices are others."""
    offered = {slug: model.price for slug, model in catalog.models.items()}
    return NotePrices(db, offered, settings.price_change_reason)

"""The parts of `/api/v1/admin`."""

from gateway.inbound.http.admin.area import Admin
from gateway.inbound.http.operation import Operation
from gateway.outbound.ledger import Ledger
from gateway.outbound.services import Services
from gateway.parts.shared import Shared


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

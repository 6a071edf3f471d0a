"""The operator's area: `/api/v1/admin/…`, its parts joined."""

from dataclasses import dataclass

from catalog.catalog import Catalog
from runtime.db import Database
from runtime.outbox.recorder import Outbox

from gateway.inbound.http.admin.accounts import Accounts
from gateway.inbound.http.admin.audit import AuditLog
from gateway.inbound.http.admin.door import Door
from gateway.inbound.http.admin.margin import Margin
from gateway.inbound.http.admin.money import Money
from gateway.inbound.http.admin.services import ServiceRoutes
from gateway.inbound.http.admin.tasks import AnyTasks
from gateway.inbound.http.admit import Admit
from gateway.inbound.http.documents import Writer
from gateway.inbound.http.file_links import FileLinks
from gateway.inbound.http.operation import Operation
from gateway.outbound.ledger import Ledger
from gateway.outbound.services import Services


@dataclass(frozen=True, slots=True)
class Admin:
    """What an operator may see and do, with an admin key."""

    admit: Admit
    db: Database
    outbox: Outbox
    catalog: Catalog
    ledger: Ledger
    secret: bytes
    services: Services
    writer: Writer
    links: FileLinks
    currency: str

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        door = Door(self.admit, self.secret)
        return [
            *Accounts(door, self.db, tuple(self.catalog.tiers), self.secret).operations(),
            *Money(door, self.db, self.outbox, self.ledger).operations(),
            *AnyTasks(door, self.db, self.services, self.writer, self.links).operations(),
            *Margin(door, self.db, self.currency).operations(),
            *AuditLog(door, self.db).operations(),
            *ServiceRoutes(door, self.db, self.services).operations(),
        ]

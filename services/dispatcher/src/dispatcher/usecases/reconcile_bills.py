"""Compare a provider's bill with our attempts, and with what the ledger made of their tasks."""

from collections.abc import Sequence
from datetime import datetime

from runtime.db import Connection

from dispatcher.db import taken
from dispatcher.domain.reconciliation import Bill, Finding, bare, reconcile


async def reconcile_bills(
    conn: Connection, bills: Sequence[Bill], since: datetime, until: datetime
) -> list[Finding]:
    """A finding per job. `since` and `until`: the time of which the bill names all jobs of its providers."""
    attempts = await taken.taken(
        conn,
        {bill.provider for bill in bills},
        {bare(bill.job_id) for bill in bills},
        {bill.correlation for bill in bills if bill.correlation},
        since,
        until,
    )
    return list(reconcile(bills, attempts))

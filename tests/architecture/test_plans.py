"""No statement of a service reads a whole table that grows: at a million rows it would, all at once."""

import importlib
import pkgutil
import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from runtime.db import Database, Session

pytestmark = pytest.mark.stack

GROWS = {
    "gateway": {"tasks", "task_events", "idempotency_keys", "links", "grants", "uploads", "generations"},
    "ledger": {"tasks", "transfers", "changes", "balances"},
    "dispatcher": {"jobs", "attempts", "work"},
    "callbacks": {"webhooks", "messages", "deliveries", "delivery_attempts", "work"},
    "storage": {"tasks", "copies", "work"},
}
"""What has a row per task, account or delivery."""
KNOWN = {
    "gateway": {"uploads._HELD: uploads"},  # all files' sizes, for graphs
    "ledger": {
        "figures._TOTALS: balances",  # a row per account, every ten seconds
        "proofs.CONSERVATION: balances",  # the proof is about every row
        "proofs.CONSERVATION: transfers",
        "proofs.HELD: tasks",
    },
}
_TEMPLATE = re.compile(r"(?<!')\{[a-z_]+\}")
_STATEMENT = re.compile(r"\s*(?:--.*\n\s*)*(?:SELECT|WITH|INSERT|UPDATE|DELETE)\b")


def statements(service: str) -> Iterator[tuple[str, str]]:
    """The named statements of a service, as `module.NAME`, and their SQL."""
    package = importlib.import_module(f"{service}.db")
    for module in pkgutil.iter_modules(package.__path__):
        found = importlib.import_module(f"{service}.db.{module.name}")
        for name, value in vars(found).items():
            if name.isupper() and isinstance(value, str) and _complete(value):
                yield f"{module.name}.{name}", value


def _complete(value: str) -> bool:
    """Whether it is a statement, and not a part of one or a form to be filled in."""
    return _STATEMENT.match(value) is not None and not _TEMPLATE.search(value)


@pytest.mark.parametrize("service", GROWS)
async def test_no_statement_scans_a_table_that_grows(
    service: str, open_db: Callable[[str], Awaitable[Database]]
) -> None:
    db = await open_db(service)
    found = []
    async with db.pool.acquire() as conn:
        for name, sql in statements(service):
            tables = set(scanned(await plan_of(conn, sql))) & GROWS[service]
            found += [f"{name}: {table}" for table in sorted(tables)]
    assert set(found) <= KNOWN.get(service, set())


async def plan_of(conn: Session, sql: str) -> dict[str, Any]:
    """The plan that the service's connections make once and keep."""
    await conn.execute(f"PREPARE one AS {sql}")
    try:
        types = await conn.fetchval(
            "SELECT parameter_types::text[] FROM pg_prepared_statements WHERE name = 'one'"
        )
        given = f"({', '.join(['NULL'] * len(types))})" if types else ""
        [plan] = await conn.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE one{given}")
    finally:
        await conn.execute("DEALLOCATE one")
    found: dict[str, Any] = plan["Plan"]
    return found


def scanned(plan: dict[str, Any]) -> Iterator[str]:
    """The tables that a plan reads from end to end."""
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for part in plan.get("Plans", ()):
        yield from scanned(part)

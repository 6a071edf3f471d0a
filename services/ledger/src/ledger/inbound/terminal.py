"""The ledger's commands for people: what they print. Amounts are shown in credits, to the micro-credit."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import asyncpg
from contracts.money import MICRO_PER_CREDIT
from rich.table import Table
from runtime.db import Connection

from ledger.db import history
from ledger.usecases.check_books import Finding


def findings_table(findings: Sequence[Finding]) -> Table:
    """The table of `check`."""
    wrong = sum(finding.wrong for finding in findings)
    table = Table(title="The books are right" if not wrong else f"THE BOOKS ARE WRONG: {wrong} violations")
    for name in ("", "says", "looked at", "wrong", "for example"):
        table.add_column(name, justify="right" if name == "wrong" else "left", overflow="fold")
    for f in findings:
        table.add_row(f.invariant, f.says, f.figures, str(f.wrong), f.example or "")
    return table


async def account_tables(conn: Connection, account_id: UUID, last: int) -> list[Table]:
    """The tables of `account`. Raises LookupError when there is none."""
    balances = await history.balances_of(conn, account_id)
    if not balances:
        raise LookupError(f"No account {account_id}.")
    shown = Table("asset", "available", "held", "version", "moved at", title=f"Account {account_id}")
    for row in balances:
        shown.add_row(*map(_text, row.items()))
    return [shown, _transfers(await history.last_transfers(conn, account_id, last))]


async def hold_tables(conn: Connection, task_id: UUID) -> list[Table]:
    """The tables of `hold`. Raises LookupError when there is no such task."""
    task = await history.find_task(conn, task_id)
    if task is None:
        raise LookupError(f"No task {task_id}.")
    facts = Table("fact", "value", title=f"Task {task_id}")
    for name, value in task.items():
        facts.add_row(name, _text((name, value)))
    return [facts, _transfers(await history.transfers_of(conn, task))]


def credits_text(micro: int) -> str:
    """`1.5` for 1 500 000 micro-credits: exact, by integers."""
    whole, rest = divmod(abs(micro), MICRO_PER_CREDIT)
    sign = "-" if micro < 0 else ""
    return f"{sign}{whole}.{rest:06d}".rstrip("0").rstrip(".")


def _transfers(found: Iterable[asyncpg.Record]) -> Table:
    names = "version asset kind debit credit amount available held lot cause event-at recorded-at"
    table = Table(*names.split(), title="Transfers")
    for row in found:
        table.add_row(*map(_text, row.items()))
    return table


def _text(item: tuple[str, Any]) -> str:
    name, value = item
    if value is None:
        return "-"
    return credits_text(value) if name.endswith("_micro") else str(value)

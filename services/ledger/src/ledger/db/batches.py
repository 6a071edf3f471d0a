"""Writes a decided batch: one statement, whatever the number of facts."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from runtime.db import Tx, rows

from ledger.db import tasks
from ledger.domain.batch import Batch, Change
from ledger.domain.books import Balance, Transfer

_TYPED = ", ".join(f"{name} {kind}" for name, kind in tasks.COLUMNS.items())
_NAMES = ", ".join(tasks.COLUMNS)
# Only what is new is sent, and what is known can't be overwritten: the first word wins here as well.
_SET = ", ".join(
    f"{name} = coalesce(t.{name}, r.{name})"
    for name in tasks.COLUMNS
    if name not in {"task_id", "account_id"}
)

_WRITE = f"""
WITH moved AS (
    UPDATE balances b
    SET available_micro = r.available_micro, held_micro = r.held_micro, version = r.version,
        moved_at = r.moved_at
    FROM json_to_recordset($1::json) AS r(account_id uuid, asset text, available_micro bigint,
                                          held_micro bigint, version bigint, was bigint, moved_at timestamptz)
    WHERE b.account_id = r.account_id AND b.asset = r.asset AND b.version = r.was
    RETURNING 1
), made AS (
    INSERT INTO tasks ({_NAMES}) SELECT {_NAMES} FROM json_to_recordset($2::json) AS r({_TYPED}) RETURNING 1
), learned AS (
    UPDATE tasks t SET {_SET}
    FROM json_to_recordset($3::json) AS r({_TYPED})
    WHERE t.task_id = r.task_id AND t.closed_at IS NULL
    RETURNING 1
), booked AS (
    INSERT INTO transfers (account_id, asset, version, kind, lot, debit, credit, amount_micro,
                           available_micro, held_micro, task_id, change_id, event_at, recorded_at)
    SELECT account_id, asset, version, kind, lot, debit, credit, amount_micro,
           available_micro, held_micro, task_id, change_id, event_at, recorded_at
    FROM json_to_recordset($4::json) AS r(account_id uuid, asset text, version bigint, kind text, lot text,
        debit text, credit text, amount_micro bigint, available_micro bigint, held_micro bigint,
        task_id uuid, change_id uuid, event_at timestamptz, recorded_at timestamptz)
), noted AS (
    INSERT INTO changes (change_id, account_id, asset, amount_micro, applied_micro, written_off_micro, kind,
                         reason, version, granted_at, recorded_at)
    SELECT change_id, account_id, asset, amount_micro, applied_micro, written_off_micro, kind,
           reason, version, granted_at, recorded_at
    FROM json_to_recordset($5::json) AS r(change_id uuid, account_id uuid, asset text, amount_micro bigint,
        applied_micro bigint, written_off_micro bigint, kind text, reason text, version bigint,
        granted_at timestamptz, recorded_at timestamptz)
)
SELECT (SELECT count(*) FROM moved) AS moved, (SELECT count(*) FROM learned) AS learned
"""

_KNOWN = "SELECT change_id FROM changes WHERE change_id = ANY($1::uuid[])"


class LockBroken(RuntimeError):
    """A row changed under the account's lock: roll back and do it again."""


async def known_changes(tx: Tx, ids: Iterable[UUID]) -> set[UUID]:
    """Which of the grants are booked already."""
    asked = list(ids)
    return {row["change_id"] for row in await tx.fetch(_KNOWN, asked)} if asked else set()


async def write(tx: Tx, batch: Batch) -> None:
    """Write every row of the batch. Raises LockBroken when a row isn't as it was read."""
    moved, learned = batch.moved, batch.changed_tasks
    row = await tx.fetchrow(
        _WRITE,
        rows(_balance(before, after) for before, after in moved),
        rows(tasks.to_row(task) for task in batch.new_tasks),
        rows(tasks.to_row(task, batch.read[task.task_id]) for task in learned),
        rows(_transfer(transfer) for transfer in batch.transfers),
        rows(_change(said) for said in batch.said if isinstance(said, Change)),
    )
    assert row is not None, "counts are one row"
    if (row["moved"], row["learned"]) != (len(moved), len(learned)):
        raise LockBroken(f"{row['moved']} of {len(moved)} balances, {row['learned']} of {len(learned)} tasks")


def _balance(before: Balance, after: Balance) -> dict[str, Any]:
    return {
        "account_id": after.account_id,
        "asset": after.asset,
        "available_micro": after.available_micro,
        "held_micro": after.held_micro,
        "version": after.version,
        "was": before.version,
        "moved_at": after.moved_at,
    }


def _transfer(transfer: Transfer) -> dict[str, Any]:
    after, cause = transfer.after, transfer.cause
    return {
        "account_id": after.account_id,
        "asset": after.asset,
        "version": after.version,
        "kind": transfer.kind,
        "lot": cause.lot,
        "debit": transfer.debit,
        "credit": transfer.credit,
        "amount_micro": transfer.amount_micro,
        "available_micro": after.available_micro,
        "held_micro": after.held_micro,
        "task_id": cause.task_id,
        "change_id": cause.change_id,
        "event_at": cause.event_at,
        "recorded_at": after.moved_at,
    }


def _change(change: Change) -> dict[str, Any]:
    grant, after = change.grant, change.after
    return {
        "change_id": grant.change_id,
        "account_id": grant.account_id,
        "asset": grant.asset,
        "amount_micro": grant.amount_micro,
        "applied_micro": change.applied_micro,
        "written_off_micro": change.written_off_micro,
        "kind": grant.kind,
        "reason": grant.reason,
        "version": after.version,
        "granted_at": grant.at,
        "recorded_at": after.moved_at,
    }

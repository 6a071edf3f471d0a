"""`check` finds each kind of damage, and the database refuses to be damaged in the first place."""

from typing import Any

import asyncpg
import pytest
from contracts.ids import uuid7
from ledger.usecases.check_books import prove

OPEN, SETTLED, REFUSED = uuid7(), uuid7(), uuid7()
A = uuid7()


@pytest.fixture(scope="module")
async def books(module_ledger: Any, say: Any) -> Any:
    """A bit of everything, all of it right."""
    ledger, other = module_ledger, uuid7()
    await ledger.tell(say.grant(A, 100), say.grant(other, 50), say.grant(A, 10, asset="test"))
    await ledger.tell(say.request(A, OPEN, 20), say.request(A, SETTLED, 30), say.request(A, REFUSED, 500))
    await ledger.tell(say.succeeded(A, SETTLED, 12), say.stored(A, SETTLED), say.grant(other, -80))
    return ledger


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("UPDATE transfers SET amount_micro = amount_micro + 1 WHERE kind = 'settle'", {"M2", "M5", "M6"}),
        ("UPDATE transfers SET amount_micro = 0 WHERE kind = 'writeoff'", {"M1", "M2"}),
        ("UPDATE transfers SET credit = 'pocket' WHERE kind = 'settle'", {"M1", "M2"}),
        ("DELETE FROM transfers WHERE kind = 'settle'", {"M2", "M5", "M6"}),
        ("DELETE FROM transfers WHERE kind = 'writeoff'", {"M2", "M6"}),
        ("UPDATE balances SET available_micro = available_micro + 1 WHERE asset = 'test'", {"M2", "M6"}),
        ("UPDATE balances SET available_micro = -1 WHERE held_micro > 0", {"M2", "M3", "M6"}),
        ("UPDATE balances SET held_micro = 0, available_micro = available_micro + held_micro", {"M4", "M6"}),
        ("UPDATE balances SET version = version + 1 WHERE held_micro > 0", {"M6"}),
        ("DELETE FROM balances WHERE asset = 'test'", {"M2", "M6"}),
        ("UPDATE transfers SET version = version + 100 WHERE kind = 'release'", {"M6"}),
        (f"UPDATE tasks SET closed_at = NULL WHERE task_id = '{SETTLED}'", {"M4"}),
        (f"UPDATE tasks SET charged_micro = 13 WHERE task_id = '{SETTLED}'", {"M5"}),
        (f"DELETE FROM tasks WHERE task_id = '{SETTLED}'", {"M5"}),
        (f"DELETE FROM tasks WHERE task_id = '{OPEN}'", {"M4", "M5"}),
        (f"UPDATE transfers SET task_id = '{REFUSED}' WHERE kind = 'settle'", {"M5", "M8"}),
        ("UPDATE transfers SET recorded_at = recorded_at - interval '1 h' WHERE kind = 'release'", {"M7"}),
        ("UPDATE balances SET moved_at = moved_at - interval '1 h' WHERE held_micro > 0", {"M7"}),
        ("DELETE FROM changes WHERE amount_micro = 50", {"M2"}),
        ("UPDATE changes SET written_off_micro = 0 WHERE amount_micro < 0", {"M2"}),
        (
            "INSERT INTO transfers SELECT account_id, asset, version + 1, kind, lot, debit, credit,"
            " amount_micro, available_micro, held_micro, task_id, change_id, event_at, recorded_at"
            " FROM transfers WHERE kind = 'release'",
            {"M5", "M6"},
        ),
    ],
)
async def test_every_kind_of_damage_is_found(books: Any, damage: str, found: set[str]) -> None:
    async with books.db.pool.acquire() as conn:
        damaging = conn.transaction()
        await damaging.start()
        await disarm(conn)
        assert not (await conn.execute(damage)).endswith(" 0")
        wrong = {finding.invariant: finding.example for finding in await prove(conn) if finding.wrong}
        await damaging.rollback()
    assert set(wrong) == found
    assert all(wrong.values())
    assert await books.check() == {}


async def disarm(conn: Any) -> None:
    """Take away what keeps the tables right."""
    for table in ("transfers", "tasks", "balances", "changes"):
        await conn.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for row in await conn.fetch(
            "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = $1::text::regclass", table
        ):
            await conn.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{row["conname"]}"')


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE transfers SET amount_micro = 1",
        "UPDATE transfers SET lot = lot WHERE false",
        "DELETE FROM transfers",
        "TRUNCATE transfers",
        "UPDATE changes SET reason = 'x'",
        "DELETE FROM changes",
        "TRUNCATE changes",
        "DELETE FROM balances",
        "TRUNCATE balances",
        "DELETE FROM tasks",
        "TRUNCATE tasks",
        "UPDATE tasks SET reason = 'x' WHERE closed_at IS NOT NULL",
        "UPDATE tasks SET held_micro = held_micro + 1, quote_micro = quote_micro + 1 WHERE closed_at IS NULL",
        "UPDATE balances SET available_micro = -1",
        "INSERT INTO transfers SELECT account_id, asset, 99, 'settle', lot, 'issuer', 'revenue', 1, 0, 0,"
        " task_id, NULL, now(), now() FROM transfers WHERE kind = 'freeze'",
        "INSERT INTO transfers SELECT account_id, asset, 99, kind, lot, debit, credit, 0, 0, 0, task_id,"
        " change_id, now(), now() FROM transfers",
    ],
)
async def test_the_database_keeps_the_books_immutable(books: Any, damage: str) -> None:
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await books.db.pool.execute(damage)


async def test_triggers_hold_for_replication_roles_too(ledger: Any, say: Any) -> None:
    await ledger.tell(say.grant(uuid7(), 1))
    async with ledger.db.pool.acquire() as conn:
        await conn.execute("SET session_replication_role = replica")
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await conn.execute("DELETE FROM transfers")
        await conn.execute("RESET session_replication_role")


async def test_postings_of_every_transfer_sum_to_zero(ledger: Any, say: Any) -> None:
    await ledger.tell(say.grant(uuid7(), 1))
    sums = "SELECT sum(amount_micro) AS s, count(*) AS n FROM postings GROUP BY account_id, asset, version"
    assert {tuple(row) for row in await ledger.db.pool.fetch(sums)} == {(0, 2)}

"""Fixtures of the ledger's tests: its database, its use case, and short ways to say facts."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from contracts.ids import uuid7
from ledger.domain.facts import Completed, Expired, Fact, Granted, Requested, Stored
from ledger.domain.task import Request, Verdict
from ledger.usecases.apply_facts import ApplyFacts
from ledger.usecases.check_books import Finding, check_books
from runtime.db import Database
from runtime.outbox.recorder import Outbox

MARGIN = timedelta(hours=24)
_moments = itertools.count()


def _at() -> datetime:
    return datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=next(_moments))


class Say:
    """Facts in few words."""

    @staticmethod
    def grant(account: UUID, amount: int, *, id_: UUID | None = None, asset: str = "credit") -> Granted:
        return Granted(id_ or uuid7(), account, _at(), asset, amount, "topup", "a test")

    @staticmethod
    def request(
        account: UUID,
        task: UUID,
        quote: int,
        *,
        deadline: datetime | None = None,
        repeat: int = 1,
        asset: str = "credit",
    ) -> Requested:
        until = deadline or datetime.now(UTC) + timedelta(hours=1)
        return Requested(task, account, _at(), Request(asset, quote, _at(), until, "00-trace"), repeat)

    @staticmethod
    def succeeded(account: UUID, task: UUID, actual: int | None = None) -> Completed:
        return Completed(task, account, _at(), Verdict("succeeded", actual_micro=actual))

    @staticmethod
    def failed(account: UUID, task: UUID, reason: str | None = "provider_failed") -> Completed:
        return Completed(task, account, _at(), Verdict("failed", reason))

    @staticmethod
    def cancelled(account: UUID, task: UUID) -> Completed:
        return Completed(task, account, _at(), Verdict("cancelled"))

    @staticmethod
    def stored(account: UUID, task: UUID) -> Stored:
        return Stored(task, account, _at(), "stored")

    @staticmethod
    def not_stored(account: UUID, task: UUID) -> Stored:
        return Stored(task, account, _at(), "failed")

    @staticmethod
    def expired(account: UUID, task: UUID, at: datetime) -> Expired:
        return Expired(task, account, at)


@pytest.fixture(scope="session")
def say() -> Say:
    return Say()


@dataclass
class Ledger:
    """The ledger on a database of its own, without Kafka."""

    db: Database
    margin: timedelta = MARGIN
    apply: ApplyFacts = field(init=False)

    def __post_init__(self) -> None:
        self.apply = ApplyFacts(Outbox("ledger"), hold_margin=self.margin)

    async def tell(self, *facts: Fact) -> None:
        async with self.db.transaction() as tx:
            await self.apply(tx, facts)

    async def balance(self, account: UUID, asset: str = "credit") -> tuple[int, int, int]:
        row = await self.db.pool.fetchrow(
            "SELECT available_micro, held_micro, version FROM balances WHERE account_id = $1 AND asset = $2",
            account,
            asset,
        )
        assert row is not None
        return tuple(row)

    async def task(self, task: UUID) -> dict[str, Any]:
        row = await self.db.pool.fetchrow("SELECT * FROM tasks WHERE task_id = $1", task)
        assert row is not None
        return dict(row)

    async def transfers(self, account: UUID) -> list[tuple[str, int]]:
        found = await self.db.pool.fetch(
            "SELECT kind, amount_micro FROM transfers WHERE account_id = $1 ORDER BY asset, version", account
        )
        return [tuple(row) for row in found]

    async def said(self, account: UUID, topic: str | None = None) -> list[dict[str, Any]]:
        found = await self.db.pool.fetch(
            "SELECT * FROM outbox WHERE key = $1 ORDER BY txid, id", str(account)
        )
        return [
            {
                **dict(row),
                "value": orjson.loads(row["value"]) if isinstance(row["value"], str) else row["value"],
            }
            for row in found
            if topic in (None, row["topic"])
        ]

    async def check(self) -> dict[str, Finding]:
        """Wrong findings by invariant."""
        return {f.invariant: f for f in await check_books(self.db.dsn) if f.wrong}


@pytest.fixture(scope="session")
async def shared_db(databases: Any) -> AsyncIterator[Database]:
    db = Database(await databases.fresh("ledger"), name="test-ledger", pool_size=8)
    await db.start()
    yield db
    await db.stop()


@pytest.fixture
def ledger(shared_db: Database) -> Ledger:
    """A ledger that other tests use too: look only at your own accounts."""
    return Ledger(shared_db)


@pytest.fixture(scope="module")
async def module_ledger(databases: Any) -> AsyncIterator[Ledger]:
    """A ledger of the module's own, to damage or to wait on."""
    db = Database(await databases.fresh("ledger"), name="test-ledger", pool_size=8)
    await db.start()
    yield Ledger(db)
    await db.stop()


@pytest.fixture
def a() -> UUID:
    """An account."""
    return uuid7()


@pytest.fixture
def t() -> UUID:
    """A task."""
    return uuid7()

"""Postgres: one asyncpg pool per process, short transactions, hooks that run after the commit.

SQL that is set-based takes one JSON parameter (`rows(...)`), whatever the number of rows.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any

import asyncpg
import orjson
import structlog

from runtime import metrics

log = structlog.get_logger()

Session = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
Connection = Session | asyncpg.Pool
AfterCommit = Callable[[], Awaitable[None] | None]

PERMANENT = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)
"""What another try can't mend: the request or record itself is at fault. All else may be tried again."""

STATEMENT_TIMEOUT_MS = 20_000
IDLE_IN_TRANSACTION_MS = 15_000


BY_KEY = {
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "plan_cache_mode": "force_generic_plan",
}
"""Services look rows up by key. A plan made while the tables were small would scan them until autovacuum has
analyzed them, and planning anew at each call costs the larger statements more than they take."""

KEEPALIVES = {"tcp_keepalives_idle": "20", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"}
"""A client that vanished with its machine lets go of its locks within the minute, not after two hours."""


class NotOpen(ConnectionError):
    """The process is about to open its pool, or has closed it: for whoever asks, a database that is away."""


class Tx:
    """An open transaction. `after_commit` collects what to do once it is durable."""

    __slots__ = ("_after", "conn")

    def __init__(self, conn: Connection) -> None:
        self.conn = conn
        self._after: dict[str, AfterCommit] = {}

    async def fetch(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        """All rows."""
        return await self.conn.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: Any) -> asyncpg.Record | None:
        """The first row, or None."""
        return await self.conn.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """The first column of the first row."""
        return await self.conn.fetchval(sql, *args)

    async def execute(self, sql: str, *args: Any) -> int:
        """Run a statement; the number of rows it touched."""
        return row_count(await self.conn.execute(sql, *args))

    def after_commit(self, name: str, hook: AfterCommit) -> None:
        """Run `hook` once after the commit, however often it was asked for under this name."""
        self._after[name] = hook

    async def run_after_commit(self) -> None:
        """Run the hooks; a failing one is logged, for the commit stands."""
        for name, hook in self._after.items():
            try:
                result = hook()
                if result is not None:
                    await result
            except Exception:
                log.exception("after_commit_hook_failed", hook=name)


class Database:
    """A pool and the transactions on it; the first part of every process."""

    def __init__(self, dsn: str, *, name: str, pool_size: int = 10) -> None:
        self._dsn = dsn
        self.name = "database"
        self._name = name
        self._pool_size = pool_size
        self._pool: asyncpg.Pool | None = None

    @property
    def dsn(self) -> str:
        """The address, secret included: for connections of one's own (LISTEN, advisory locks)."""
        return self._dsn

    async def start(self) -> None:
        """Open the pool. Raises OSError or asyncpg.PostgresError when the server can't be reached."""
        self._pool = await asyncpg.create_pool(
            self._dsn,
            min_size=1,
            max_size=self._pool_size,
            init=prepare_connection,
            reset=_keep_session,
            server_settings={**connection_settings(self._name), **BY_KEY},
            command_timeout=30,
        )
        metrics.POOL_LIMIT.labels(self._name).set(self._pool_size)
        metrics.POOL.labels(self._name, "busy").set_function(self._busy)
        metrics.POOL.labels(self._name, "idle").set_function(self._unused)

    async def stop(self) -> None:
        """Close the pool, waiting for what is checked out."""
        if self._pool is not None:
            await self._pool.close()
            self._pool = None

    def unready(self) -> str | None:
        """The pool mends itself: whoever can't get a connection says so."""
        return None if self._pool is not None else "database: no pool"

    def fault(self) -> str | None:
        """Never a reason to restart."""
        return None

    def _busy(self) -> int:
        return 0 if self._pool is None else self._pool.get_size() - self._pool.get_idle_size()

    def _unused(self) -> int:
        return 0 if self._pool is None else self._pool.get_idle_size()

    @property
    def pool(self) -> asyncpg.Pool:
        """The pool, for a single read outside a transaction. Raises NotOpen."""
        if self._pool is None:
            raise NotOpen("the database pool is not started")
        return self._pool

    @contextlib.asynccontextmanager
    async def transaction(self, *, durable: bool = True) -> AsyncIterator[Tx]:
        """A transaction that commits at the end of the block.

        `durable=False` lets the commit return before it is on disk: only for state whose loss repeats work.
        """
        async with self.pool.acquire() as conn, conn.transaction():
            if not durable:
                await conn.execute("SET LOCAL synchronous_commit = off")
            tx = Tx(conn)
            yield tx
        await tx.run_after_commit()

    async def connect(self, purpose: str) -> asyncpg.Connection:
        """A connection of one's own, outside the pool."""
        conn = await asyncpg.connect(
            self._dsn, server_settings=connection_settings(f"{self._name}-{purpose}"), command_timeout=30
        )
        await prepare_connection(conn)
        return conn


async def _keep_session(_: Session) -> None:
    """Nothing of ours changes a pooled session: there is nothing to undo.

    asyncpg's own way is a round trip at each release. An open transaction is rolled back all the same.
    """


def connection_settings(name: str) -> dict[str, str]:
    """Server settings that keep transactions short: the outbox's horizon is the whole cluster's."""
    return {
        "application_name": f"framebus-{name}",
        "statement_timeout": str(STATEMENT_TIMEOUT_MS),
        "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_MS),
        "jit": "off",
        **KEEPALIVES,
    }


async def prepare_connection(conn: Session) -> None:
    """JSON columns as Python values, by orjson."""
    for kind in ("json", "jsonb"):
        await conn.set_type_codec(
            kind, schema="pg_catalog", encoder=_encode_json, decoder=orjson.loads, format="text"
        )


def _encode_json(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value, default=str).decode()


def rows(items: Iterable[Mapping[str, Any]]) -> str:
    """The one JSON parameter of a set-based statement (`json_to_recordset($1::json)`)."""
    return orjson.dumps(list(items), default=str).decode()  # asyncpg's UUIDs are a subclass: orjson asks


def row_count(status: str) -> int:
    """The number of rows in a command's status such as `UPDATE 3`."""
    last = status.rsplit(" ", 1)[-1]
    return int(last) if last.isdigit() else 0

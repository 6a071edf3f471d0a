"""What the gateway may ask: transfers by pages, open holds, whether the books are right."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from contracts.ids import uuid7
from ledger.inbound.http.books import Books
from ledger.usecases.check_books import check_books
from ledger.usecases.keep_checking import KeepChecking
from runtime.internal import InternalRoutes
from starlette.applications import Starlette

CREDIT = 1_000_000
Ledger = Say = Any


def asking(ledger: Ledger) -> httpx.AsyncClient:
    books = Books(ledger.db, KeepChecking(lambda: check_books(ledger.db.dsn)))
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(Starlette(routes=books.routes(InternalRoutes("token")))),
        base_url="http://ledger.test/internal",
        headers={"Authorization": "Bearer token"},
    )


async def got(ledger: Ledger, path: str, **params: Any) -> list[dict[str, Any]]:
    async with asking(ledger) as client:
        found = await client.get(path, params=params)
        assert found.status_code == 200, found.text
        return list(found.json()["data"])


async def test_an_accounts_transfers_come_by_pages_with_the_balances_after_each(
    ledger: Ledger, say: Say, a: UUID, t: UUID
) -> None:
    await ledger.tell(say.grant(a, 10 * CREDIT), say.request(a, t, 4 * CREDIT))
    await ledger.tell(say.succeeded(a, t, 3 * CREDIT), say.stored(a, t))
    path = f"/accounts/{a}/transfers"
    first = await got(ledger, path, limit=2)
    rest = await got(ledger, path, before=first[-1]["version"])
    names = ("kind", "available_change_micro", "held_change_micro", "available_micro")
    shown = [tuple(each[name] for name in names) for each in [*first, *rest]]
    assert shown == [
        ("release", CREDIT, -CREDIT, 7 * CREDIT),
        ("settle", 0, -3 * CREDIT, 6 * CREDIT),
        ("freeze", -4 * CREDIT, 4 * CREDIT, 6 * CREDIT),
        ("grant", 10 * CREDIT, 0, 10 * CREDIT),
    ]
    assert (rest[-1]["reason"], rest[-1]["change_kind"], rest[0]["task_id"]) == ("a test", "topup", str(t))
    assert await got(ledger, path, asset="test") == []


async def test_open_holds_are_listed_by_account_and_by_whether_their_time_is_over(
    ledger: Ledger, say: Say, a: UUID
) -> None:
    other, done = uuid7(), uuid7()
    old, young = sorted((uuid7(), uuid7()))
    soon, long_ago = datetime.now(UTC) + timedelta(hours=1), datetime.now(UTC) - timedelta(hours=30)
    await ledger.tell(say.grant(a, 100), say.grant(other, 100))
    await ledger.tell(say.request(a, old, 10, deadline=soon), say.request(a, young, 10, deadline=soon))
    await ledger.tell(say.request(a, done, 10), say.failed(a, done), say.request(other, uuid7(), 10))
    holds = await got(ledger, "/holds", account=a)
    assert [hold["task_id"] for hold in holds] == [str(old), str(young)]
    assert [hold["task_id"] for hold in await got(ledger, "/holds", account=a, after=old)] == [str(young)]
    assert await got(ledger, "/holds", account=a, expired="true") == []
    await ledger.db.pool.execute("UPDATE tasks SET expires_at = $2 WHERE task_id = $1", old, long_ago)
    [expired] = await got(ledger, "/holds", account=a, expired="true")
    assert (expired["task_id"], expired["expired"], expired["held_micro"]) == (str(old), True, 10)


async def test_a_check_says_what_was_looked_at_and_is_kept(module_ledger: Ledger, say: Say, a: UUID) -> None:
    await module_ledger.tell(say.grant(a, CREDIT))
    async with asking(module_ledger) as client:
        assert (await client.get("/check")).json() == {"running": False, "last": None}
        made = (await client.post("/check")).json()
        assert (made["running"], made["last"]["right"], made["last"]["error"]) == (False, True, None)
        assert {finding["invariant"] for finding in made["last"]["findings"]} >= {"M1", "M2", "M5", "M8"}
        assert (await client.get("/check")).json() == made


async def test_a_check_that_fails_says_why() -> None:
    async def away() -> Any:
        raise OSError("the database is away")

    checks = KeepChecking(away)
    await checks.begin(5)
    assert checks.last is not None
    assert checks.last.error == "OSError: the database is away"


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/holds", {"limit": "0"}),
        ("/holds", {"after": "x"}),
        ("/holds", {"expired": "maybe"}),
        (f"/accounts/{uuid7()}/transfers", {"asset": "gold"}),
        (f"/accounts/{uuid7()}/transfers", {"before": "-1"}),
    ],
)
async def test_what_cannot_be_asked_is_refused_by_name(
    ledger: Ledger, path: str, params: dict[str, str]
) -> None:
    async with asking(ledger) as client:
        refused = await client.get(path, params=params)
    assert (refused.status_code, refused.json()["error"]["param"]) == (422, next(iter(params)))

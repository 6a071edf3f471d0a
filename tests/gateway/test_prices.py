"""Prices that a release changes stand in the audit log."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from catalog.catalog import Catalog
from gateway.domain.prices import changes
from gateway.usecases.note_prices import NotePrices
from runtime.db import Database

CHEAP: dict[str, Any] = {"a": [{"micro": 1}], "b": [{"micro": 2}]}
DEAR: dict[str, Any] = {"b": [{"micro": 3}], "c": [{"micro": 4}]}


@pytest.fixture
async def db(open_db: Callable[[str], Awaitable[Database]]) -> Database:
    return await open_db("gateway")


async def noted(db: Database) -> list[tuple[str, str, str, str | None]]:
    entries = await db.pool.fetch("SELECT actor, action, subject, reason FROM audit_log ORDER BY id")
    return [tuple(each) for each in entries]


async def test_a_release_with_other_prices_says_which_and_why(db: Database) -> None:
    await NotePrices(db, CHEAP).start()
    assert await noted(db) == []
    await NotePrices(db, DEAR, "the provider's new list").start()
    assert sorted(await noted(db), key=lambda entry: entry[2]) == [
        ("deployment", "price.removed", "a", "the provider's new list"),
        ("deployment", "price.changed", "b", "the provider's new list"),
        ("deployment", "price.added", "c", "the provider's new list"),
    ]
    detail = await db.pool.fetchval("SELECT detail->'before' FROM audit_log WHERE subject = 'b'")
    assert detail == CHEAP["b"]


async def test_the_same_prices_are_no_news_however_often_it_starts(db: Database) -> None:
    offered = {slug: model.price for slug, model in Catalog.load().models.items()}
    for _ in range(3):
        await NotePrices(db, offered).start()
    assert await noted(db) == []


def test_what_costs_the_same_is_no_change() -> None:
    assert changes(CHEAP, dict(reversed(CHEAP.items()))) == []

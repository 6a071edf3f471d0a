"""Raw webhooks are kept for their time and no longer."""

import httpx
import pytest
from callback_addresses import Address
from callbacks.usecases import forget_webhooks as module
from callbacks.usecases.forget_webhooks import forget_webhooks
from callbacks.usecases.show_webhooks import show_webhooks
from runtime.db import Database

AGE = "UPDATE webhooks SET received_at = now() - make_interval(days => $1) WHERE attempt = $2"


async def test_only_what_is_older_is_forgotten(
    client: httpx.AsyncClient, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 2)
    for attempt in range(1, 8):
        await client.post(Address(attempt=attempt).url, content=b"{}")
    for attempt in range(1, 6):
        await db.pool.execute(AGE, 31, attempt)
    await db.pool.execute(AGE, 29, 6)
    assert await forget_webhooks(db, 30) == 5
    assert await forget_webhooks(db, 30) == 0
    left = await db.pool.fetch("SELECT attempt FROM webhooks ORDER BY attempt")
    assert [row["attempt"] for row in left] == [6, 7]


async def test_what_came_in_is_listed_by_task_oldest_first(client: httpx.AsyncClient, db: Database) -> None:
    address = Address()
    await client.post(address.url, content=b'{"id": "job-1", "status": "running"}')
    await client.post(address.url, content=b"\xffodd", headers={"X-Note": "n"})
    await client.post(Address().url, content=b"{}")
    lines = [line async for line in show_webhooks(db, address.task, bodies=False)]
    assert len(lines) == 2
    assert "unfinished  job job-1" in lines[0]
    assert "final  job -  4 bytes" in lines[1]
    full = "\n".join([line async for line in show_webhooks(db, address.task, bodies=True)])
    assert "x-note: n" in full
    assert "\\xffodd" in full

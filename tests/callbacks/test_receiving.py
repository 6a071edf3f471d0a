"""What a provider's webhook leaves behind: one raw row, one `provider.reported`, one answer."""

import asyncio
import hashlib
import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from callback_addresses import OLD_SECRET, Address
from contracts.events import ProviderReported
from runtime.db import Database

RUNNING = json.dumps({"id": "cgt-1", "status": "running"}).encode()
SUCCEEDED = json.dumps({"id": "cgt-1", "status": "succeeded", "content": {"video_url": "u"}}).encode()


async def said(db: Database) -> list[Any]:
    return await db.pool.fetch("SELECT * FROM outbox ORDER BY id")


async def stored(db: Database) -> list[Any]:
    return await db.pool.fetch("SELECT * FROM webhooks ORDER BY received_at, id")


async def test_a_webhook_is_stored_raw_and_said_once(client: httpx.AsyncClient, db: Database) -> None:
    address = Address(attempt=3)
    answer = await client.post(address.url, content=SUCCEEDED, headers={"X-From": "ark"})
    assert (answer.status_code, answer.json()) == (200, {"received": True})

    [row] = await stored(db)
    assert row["body"] == SUCCEEDED
    assert row["body_hash"] == hashlib.sha256(SUCCEEDED).digest()
    assert (row["provider"], row["account_id"], row["task_id"], row["attempt"]) == (
        "ark",
        address.account,
        address.task,
        3,
    )
    assert row["headers"]["x-from"] == "ark"

    [record] = await said(db)
    assert (record["topic"], record["key"]) == ("provider.reported", str(address.account))
    assert record["subject"] == str(address.task)
    event = ProviderReported.model_validate(record["value"])
    assert event == ProviderReported(
        webhook_id=row["id"],
        provider="ark",
        account_id=address.account,
        task_id=address.task,
        attempt=3,
        provider_job_id="cgt-1",
        final=True,
        received_at=row["received_at"],
    )


async def test_a_repeat_is_answered_alike_and_changes_nothing(
    client: httpx.AsyncClient, db: Database
) -> None:
    address = Address()
    answers = [await client.post(address.url, content=SUCCEEDED) for _ in range(3)]
    assert [(a.status_code, a.json()) for a in answers] == [(200, {"received": True})] * 3
    assert len(await stored(db)) == len(await said(db)) == 1


async def test_fifty_repeats_at_the_same_moment_are_one(client: httpx.AsyncClient, db: Database) -> None:
    address = Address()
    answers = await asyncio.gather(*(client.post(address.url, content=SUCCEEDED) for _ in range(50)))
    assert {a.status_code for a in answers} == {200}
    assert len(await stored(db)) == len(await said(db)) == 1


async def test_the_same_body_about_something_else_is_news(client: httpx.AsyncClient, db: Database) -> None:
    address = Address()
    for each in (address, replace(address, attempt=2), replace(address, task=uuid4())):
        assert (await client.post(each.url, content=SUCCEEDED)).status_code == 200
    assert len({record["event_id"] for record in await said(db)}) == 3


async def test_an_unfinished_status_is_stored_and_said_to_be_unfinished(
    client: httpx.AsyncClient, db: Database
) -> None:
    address = Address()
    for body in (RUNNING, SUCCEEDED):
        await client.post(address.url, content=body)
    assert [row["value"]["final"] for row in await said(db)] == [False, True]
    assert [row["final"] for row in await stored(db)] == [False, True]


QUEUED = json.dumps({"id": "cgt-1", "status": "queued"}).encode()


async def test_the_first_unfinished_status_names_the_job_and_others_are_only_kept(
    client: httpx.AsyncClient, db: Database
) -> None:
    apart, together = Address(), Address()
    for body in (QUEUED, RUNNING, SUCCEEDED):
        await client.post(apart.url, content=body)
    await asyncio.gather(*(client.post(together.url, content=body) for body in (QUEUED, RUNNING)))
    await client.post(together.url, content=SUCCEEDED)
    for address in (apart, together):
        told = [row["value"] for row in await said(db) if row["subject"] == str(address.task)]
        assert [(each["final"], each["provider_job_id"]) for each in told] == [
            (False, "cgt-1"),
            (True, "cgt-1"),
        ]
    assert len(await stored(db)) == 6


UNREADABLE = [b"", b"not json", b"[]", b'{"id":', b"\xff\xfe\x00", b'{"id": "\\u0000"}', b'{"status": 7}']


async def test_a_body_that_cannot_be_read_is_kept_and_passed_on_as_final(
    client: httpx.AsyncClient, db: Database
) -> None:
    for body in UNREADABLE:
        assert (await client.post(Address().url, content=body)).status_code == 200
    assert [row["body"] for row in await stored(db)] == UNREADABLE
    hints = [(row["value"]["final"], row["value"]["provider_job_id"]) for row in await said(db)]
    assert hints == [(True, None)] * len(UNREADABLE)


async def test_both_secrets_are_valid_while_one_is_rotated_out(client: httpx.AsyncClient) -> None:
    assert (await client.post(Address(secret=OLD_SECRET).url, content=RUNNING)).status_code == 200


async def test_secrets_in_headers_are_not_kept(client: httpx.AsyncClient, db: Database) -> None:
    address = Address()
    headers = {
        "Authorization": "Bearer hidden",
        "Cookie": "hidden",
        "X-Api-Key": "hidden",
        "X-Auth-Token": "hidden",
        "X-Original-Uri": address.url,
        "User-Agent": "provider/1",
    }
    await client.post(address.url, content=RUNNING, headers=headers)
    [row] = await stored(db)
    kept = orjson.dumps(row["headers"]).decode()
    assert row["headers"]["user-agent"] == "provider/1"
    assert "hidden" not in kept
    assert address.url.rsplit("=", 1)[1] not in kept


async def test_a_callers_trace_goes_on(client: httpx.AsyncClient, db: Database) -> None:
    trace = f"00-{'a' * 32}-{'b' * 16}-01"
    await client.post(Address().url, content=RUNNING, headers={"traceparent": trace})
    await client.post(Address().url, content=RUNNING, headers={"traceparent": "nonsense"})
    first, second = [record["traceparent"] for record in await said(db)]
    assert first == trace
    assert second.startswith("00-")
    assert second != "nonsense"


async def test_neither_body_nor_token_nor_headers_are_logged(
    client: httpx.AsyncClient, capfd: pytest.CaptureFixture[str]
) -> None:
    address = Address()
    body = b'{"id": "cgt-9", "status": "succeeded", "note": "prompt-text"}'
    await client.post(address.url, content=body, headers={"X-Note": "header-text"})
    await client.post(address.url[:-4] + "AAAA", content=body)
    written = "".join(capfd.readouterr())
    for secret in ("prompt-text", "header-text", address.url.rsplit("=", 1)[1]):
        assert secret not in written


async def test_when_the_database_is_gone_the_provider_is_asked_to_come_again(
    client: httpx.AsyncClient, db: Database
) -> None:
    await db.pool.execute("ALTER TABLE webhooks RENAME TO gone")
    answer = await client.post(Address().url, content=RUNNING)
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "unavailable"
    assert int(answer.headers["retry-after"]) > 0
    await db.pool.execute("ALTER TABLE gone RENAME TO webhooks")
    assert (await client.post(Address(task=uuid4()).url, content=RUNNING)).status_code == 200

"""What is turned away, with which answer, and that nothing of it is kept."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import httpx
import pytest
from callback_addresses import Address
from callbacks.inbound.http import webhooks
from callbacks.usecases import receive_webhook
from runtime.db import Database

BODY = b'{"id": "cgt-1", "status": "succeeded"}'


async def nothing_kept(db: Database) -> bool:
    rows = await db.pool.fetchval("SELECT count(*) FROM webhooks")
    records = await db.pool.fetchval("SELECT count(*) FROM outbox")
    return (rows, records) == (0, 0)


def assert_v1_error(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status
    error = answer.json()["error"]
    assert set(error) == {"type", "code", "message", "param", "request_id"}
    assert error["code"] == code
    assert error["request_id"] == answer.headers["x-request-id"]


def _without(url: str, name: str) -> str:
    path, _, query = url.partition("?")
    return path + "?" + "&".join(part for part in query.split("&") if not part.startswith(name + "="))


def _with(url: str, name: str, value: str) -> str:
    return f"{_without(url, name)}&{name}={value}"


GOOD = Address()
FORGED = {
    "no query": GOOD.url.partition("?")[0],
    "no token": _without(GOOD.url, "token"),
    "empty token": _with(GOOD.url, "token", ""),
    "no account": _without(GOOD.url, "account"),
    "no task": _without(GOOD.url, "task"),
    "no attempt": _without(GOOD.url, "attempt"),
    "unknown secret": replace(GOOD, secret="stolen").url,
    "another account": _with(GOOD.url, "account", str(uuid4())),
    "another task": _with(GOOD.url, "task", str(uuid4())),
    "another attempt": _with(GOOD.url, "attempt", "2"),
    "another provider's token": replace(GOOD, provider="kling").url.replace("/kling?", "/ark?"),
    "a token cut short": GOOD.url[:-1],
    "a token with more": GOOD.url + "A",
    "not a token": _with(GOOD.url, "token", "%F0%9F%98%80%00"),
    "not a task": _with(GOOD.url, "task", "1%27%20OR%201=1"),
    "attempt zero": _with(GOOD.url, "attempt", "0"),
    "attempt in words": _with(GOOD.url, "attempt", "one"),
    "attempt in other digits": _with(GOOD.url, "attempt", "%D9%A1"),
    "attempt too great": _with(GOOD.url, "attempt", "9" * 30),
}


async def test_a_forged_or_unknown_token_is_401_and_nothing_is_kept(
    client: httpx.AsyncClient, db: Database
) -> None:
    answers = {what: await client.post(url, content=BODY) for what, url in FORGED.items()}
    assert {what: answer.status_code for what, answer in answers.items()} == dict.fromkeys(FORGED, 401)
    for answer in answers.values():
        assert_v1_error(answer, 401, "invalid_token")
    assert await nothing_kept(db)
    assert (await client.post(GOOD.url, content=BODY)).status_code == 200


async def test_a_provider_that_never_calls_back_is_404(client: httpx.AsyncClient, db: Database) -> None:
    for provider in ("nobody", "gemini", "dashscope"):
        answer = await client.post(Address(provider=provider).url, content=BODY)
        assert_v1_error(answer, 404, "provider_not_found")
    assert await nothing_kept(db)


async def test_exactly_a_megabyte_is_taken(client: httpx.AsyncClient) -> None:
    assert (await client.post(GOOD.url, content=b"x" * 1_048_576)).status_code == 200


async def test_one_byte_more_is_413_with_and_without_a_length(
    client: httpx.AsyncClient, db: Database
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield b"x" * 262_144
        yield b"x"

    for content in (b"x" * 1_048_577, chunks()):
        assert_v1_error(await client.post(GOOD.url, content=content), 413, "body_too_large")
    assert await nothing_kept(db)


async def test_a_stranger_cannot_make_us_read_a_body(client: httpx.AsyncClient) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"x" * 65_536

    answer = await client.post(_without(GOOD.url, "token"), content=endless())
    assert answer.status_code == 401
    assert read <= 1


async def test_a_body_that_trickles_in_is_given_up(
    client: httpx.AsyncClient, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "BODY_SECONDS", 0.05)

    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(5)
        yield b"}"

    assert_v1_error(await client.post(GOOD.url, content=slow()), 408, "body_timeout")
    assert await nothing_kept(db)


async def test_when_too_much_waits_the_provider_is_asked_to_come_again(
    client: httpx.AsyncClient, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive_webhook, "MAX_WAITING_BYTES", len(BODY) - 1)
    answer = await client.post(GOOD.url, content=BODY)
    assert_v1_error(answer, 503, "overloaded")
    assert int(answer.headers["retry-after"]) > 0
    assert await nothing_kept(db)


async def test_the_frameworks_own_answers_have_the_same_shape(client: httpx.AsyncClient) -> None:
    for method in ("GET", "PUT"):
        assert_v1_error(await client.request(method, GOOD.url), 405, "method_not_allowed")
    for path in ("/api/v1/video/callback/", "/api/v1/elsewhere", "/"):
        assert_v1_error(await client.post(path), 404, "not_found")

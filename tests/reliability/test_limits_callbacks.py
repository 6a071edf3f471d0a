"""What providers send in, what customers' servers answer, and how many are called: all of it is bounded."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest
from callbacks.app import customers, http_app, reception
from callbacks.domain.delivery import MAX_EXCERPT_CHARACTERS
from callbacks.domain.refusals import Busy
from callbacks.domain.webhook import MAX_BODY_BYTES
from callbacks.settings import Settings
from callbacks.usecases.receive_webhook import MAX_UNPROVEN
from runtime.db import Database
from runtime.internal import MOST_BODY_BYTES
from runtime.outbox.recorder import Outbox

from tests.callbacks.conftest import db, no_keys, receiver, sender, settings  # noqa: F401 -- fixtures
from tests.callbacks.delivery_tools import Sender, until
from tests.callbacks.receiver import Plan, Receiver

PART = b"x" * 65_536


@pytest.fixture
async def inside(settings: Settings, db: Database) -> AsyncIterator[httpx.AsyncClient]:
    """The gateway, as callbacks sees it."""
    app = http_app(reception(settings, db, Outbox("callbacks"), no_keys), customers(settings, db))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://callbacks",
        headers={"Authorization": f"Bearer {settings.service_token.get_secret_value()}"},
    ) as client:
        yield client


async def test_limits_a_question_of_another_service_is_read_up_to_its_most(
    inside: httpx.AsyncClient, sender: Sender
) -> None:
    """Without the count in `body_of` it is read until memory ends."""
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += len(PART)
            yield PART

    for path in ("webhooks", "webhooks/listeners"):
        read = 0
        answer = await inside.post(f"/internal/accounts/{sender.account}/{path}", content=endless())
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "request_too_large")
        assert read <= MOST_BODY_BYTES + 2 * len(PART)


async def test_limits_strangers_have_a_few_bodies_read_at_once(settings: Settings, db: Database) -> None:
    """What they can take of memory is `MAX_UNPROVEN` bodies of `MAX_BODY_BYTES`; with four times the turns
    nobody was told to come again.
    """
    receiving = reception(settings, db, Outbox("callbacks"), no_keys)
    turns = [receiving.reading(proven=False) for _ in range(MAX_UNPROVEN)]
    for turn in turns:
        turn.__enter__()
    with pytest.raises(Busy), receiving.reading(proven=False):
        pass
    with receiving.reading(proven=True):  # a proven one isn't kept from being read by them
        pass
    for turn in turns:
        turn.__exit__(None, None, None)
    with receiving.reading(proven=False):
        assert MAX_UNPROVEN * MAX_BODY_BYTES <= 16 * 1024 * 1024


async def test_limits_an_answer_without_end_is_read_for_its_excerpt_alone(sender: Sender) -> None:
    """Without the count in `_excerpt` an attempt reads until its time is up: gigabytes."""
    sent = 0

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 410 Gone\r\nconnection: close\r\n\r\n")
        with contextlib.suppress(OSError):
            while True:
                writer.write(PART)
                sent += len(PART)
                await writer.drain()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    endpoint = await sender.endpoint(f"http://{address}/talks")
    message = await sender.say()
    async with sender.working(allowed_hosts=(address,)):
        row = await sender.ended(message, endpoint)
    server.close()
    [attempt] = await sender.attempts(row["id"])
    assert (row["reason"], attempt["status"]) == ("gone", 410)
    assert len(attempt["response"]) == MAX_EXCERPT_CHARACTERS
    assert sent < 50_000_000  # what sockets hold


async def test_limits_a_process_makes_so_many_attempts_at_once_and_so_many_at_one_address(
    sender: Sender, receiver: Receiver
) -> None:
    """Without the lanes the slow address took all hands; without `concurrency` and as many connections every
    row became a call. One of these two alone is enough to pass.
    """
    hold = asyncio.Event()
    for path in ("/slow", *(f"/other-{n}" for n in range(10))):
        receiver.plan(path, Plan(hold=hold))
    await sender.endpoint(receiver.url("/slow"))
    messages = [await sender.say() for _ in range(12)]
    async with sender.working(delivery_concurrency=5, endpoint_concurrency=2):
        await until(lambda: len(receiver.at("/slow")) == 2)
        for n in range(10):
            await sender.endpoint(receiver.url(f"/other-{n}"), account=sender.account)
        messages.append(await sender.say())
        await until(lambda: len(receiver.came) >= 5)
        assert (len(receiver.at("/slow")), len(receiver.came)) == (2, 5)
        hold.set()
        await until(lambda: len(receiver.came) == 12 + 11, 30)

"""What providers answer, or don't, costs a worker a bounded share of its memory and of its hands."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from dispatcher.domain.providers import Provider
from dispatcher.outbound import provider_client
from dispatcher.outbound.bulkhead import LARGE_AT_ONCE, LARGE_BYTES, Bulkheads
from dispatcher.outbound.provider_client import ProviderClient, UnansweredError
from dispatcher.usecases.ask_many import ask_with_others
from dispatcher.usecases.sign_in import Asking
from dispatcher_tools import WAN, Dispatcher, until
from providers.adapter import adapter
from providers.http import HttpRequest
from providers.job import Credential
from runtime.egress.testing import RawServer, raw_server

LARGE = b"x" * (3 * LARGE_BYTES)


@pytest.fixture
async def client() -> AsyncIterator[ProviderClient]:
    made = ProviderClient()
    yield made
    await made.stop()


@pytest.fixture
async def server() -> AsyncIterator[RawServer]:
    async with raw_server() as made:
        made.answer("/large", f"200 OK\r\ncontent-length: {len(LARGE)}", LARGE)
        made.answer("/small", "200 OK\r\ncontent-length: 2", b"{}")
        yield made


async def test_limits_a_few_large_answers_are_in_memory_at_once(
    client: ProviderClient, server: RawServer
) -> None:
    """Without `share.room()` in the client all twelve are read, and none waits for the first to be left."""
    bulkheads, done = Bulkheads(128), asyncio.Event()
    read = 0

    async def step() -> None:
        nonlocal read
        with bulkheads.share() as share:
            answer = await client.send(
                "p", HttpRequest("GET", server.url("/large"), {}), 20, len(LARGE), share
            )
            assert len(answer.body) == len(LARGE)
            read += 1
            await done.wait()

    steps = [asyncio.create_task(step()) for _ in range(12)]

    async def all_wait() -> bool:
        return read == LARGE_AT_ONCE and len(server.seen) == len(steps)

    await until(all_wait)
    with bulkheads.share() as share:  # a small one needs no room
        small = await client.send("p", HttpRequest("GET", server.url("/small"), {}), 20, 100, share)
    assert (small.body, read) == (b"{}", LARGE_AT_ONCE)
    done.set()
    await asyncio.gather(*steps)
    assert read == len(steps)
    assert not bulkheads.large.locked()


async def test_limits_an_answer_that_is_too_long_is_none(client: ProviderClient, server: RawServer) -> None:
    """Without the count in `_read` the answer is taken whole."""
    request = HttpRequest("GET", server.url("/large"), {})
    with Bulkheads(4).share() as share, pytest.raises(UnansweredError, match="longer than"):
        await client.send("p", request, 20, LARGE_BYTES * 2, share)
    with pytest.raises(UnansweredError, match="longer than"):  # without a share there is no room at all
        await client.send("p", request, 20, len(LARGE))


async def test_limits_answers_without_end_end_a_call_and_not_the_task(
    dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same count: without it each call read until its time was up, and was refused for that."""
    read, refused = provider_client._read, list[str]()

    async def noted(*given: Any) -> bytes:
        try:
            return await read(*given)
        except ValueError as error:
            refused.append(str(error))
            raise

    monkeypatch.setattr(provider_client, "_read", noted)
    await dispatcher.start()
    await dispatcher.simulator.set(ark={"endless_answer_next": 1, "poll_endless_next": 1})
    done = await dispatcher.completed(await dispatcher.accept(), 30)
    assert (done["outcome"], done["attempt"]) == ("succeeded", 1)
    assert len(await dispatcher.simulator.jobs()) == 1
    assert len(refused) == 2


async def test_limits_a_provider_that_hangs_leaves_hands_for_the_others(dispatcher: Dispatcher) -> None:
    """A worker of four hands: the hanging provider gets three of them, whoever's tasks they are.

    Without `share.enter` in `choose_place` it gets all four, and the other provider's task waits with them.
    """
    calls: list[asyncio.StreamWriter] = []

    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.append(writer)

    deaf = await asyncio.start_server(hang, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{deaf.sockets[0].getsockname()[1]}/ark/api/v3"
    worker = await dispatcher.start(
        concurrency=4,
        ark={"base_url": base, "timeout_seconds": 60.0},
        absent_after_seconds=100.0,
        uncertain_after_seconds=200.0,
    )
    for n in range(8):
        await dispatcher.accept(f"stuck {n}")

    async def full() -> bool:
        return len(calls) == 3

    await until(full)
    done = await dispatcher.completed(await dispatcher.accept("free", model=WAN))
    assert done["outcome"] == "succeeded"
    assert await full()
    await dispatcher.kill(worker)
    deaf.close()


async def test_limits_questions_of_two_protocols_at_one_provider_are_asked_apart(
    dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By (provider, credential) alone, the second one's question went out in the first one's words."""
    asked: list[tuple[str, ...]] = []

    async def note(_: Any, batch: Any) -> list[None]:
        asked.append(tuple(sorted({each.to.protocol.name for each in batch})))
        return [None] * len(batch)

    monkeypatch.setattr("dispatcher.usecases.ask_many._ask", note)
    worker = await dispatcher.start()
    desk = worker._handle._desk  # type: ignore[attr-defined]
    provider, credential = Provider("mixed", "http://127.0.0.1:9", ()), Credential("main", "secret")
    both = [Asking(provider, credential, adapter(name)) for name in ("ark", "comfyui")]

    class Patient:
        def allows(self, _: float) -> bool:
            return True

    await asyncio.gather(*(ask_with_others(desk, to, "job", Patient()) for to in both))  # type: ignore[arg-type]
    assert sorted(asked) == [("ark",), ("comfyui",)]

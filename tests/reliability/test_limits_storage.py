"""How many files are copied and looked into at once, and how large they may be."""

import asyncio

import pytest
from contracts.ids import uuid7
from storage.outbound.objects import ObjectStore
from storage.usecases import look_into
from storage.usecases.look_into import LookError, LookInto

from tests.storage.storage_tools import Storage, succeeded, until, video


async def test_limits_so_many_results_are_copied_at_once(storage: Storage, small_video: bytes) -> None:
    """Without the worker's `concurrency` all six are fetched, each with its parts and its spool."""
    go_on, under_way, most = asyncio.Event(), 0, 0

    async def slow(writer: asyncio.StreamWriter) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await go_on.wait()
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {len(small_video)}\r\n\r\n".encode() + small_video)
        under_way -= 1

    facts = []
    for n in range(6):
        storage.provider.routes[f"/{n}"] = slow
        facts.append(succeeded(video(storage.provider.url(f"/{n}"))))
    await storage.start(concurrency=2)
    await storage.accept(*facts)

    async def two() -> bool:
        return under_way == 2

    await until(two)
    go_on.set()
    for fact in facts:
        assert (await storage.word(fact)).outcome == "stored"
    assert most == 2


@pytest.mark.parametrize("told", [True, False])
async def test_limits_a_result_that_is_too_large_is_refused_and_leaves_nothing(
    storage: Storage, small_video: bytes, told: bool
) -> None:
    """It begins as a video does, or it would be refused for that.

    Failed with a hundred times `max_bytes` in `Download.chunks`, and, of a length that was told, without the
    look at that in `open_download`.
    """
    sent = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        length = f"content-length: {1 << 40}\r\n" if told else ""
        writer.write(f"HTTP/1.1 200 OK\r\n{length}connection: close\r\n\r\n".encode() + small_video)
        while True:
            writer.write(bytes(65_536))
            sent += 65_536
            await writer.drain()

    storage.provider.routes["/endless"] = endless
    fact = succeeded(video(storage.provider.url("/endless")))
    await storage.start(max_bytes=1_000_000)
    await storage.accept(fact)
    word = await storage.word(fact)
    assert (word.outcome, word.assets) == ("failed", [])
    assert ("bytes are more than" if told else "bytes came") in str(word.error_message)
    assert sent < 50_000_000  # what sockets hold
    assert not list(storage.spool.iterdir())


async def test_limits_who_asks_about_a_file_when_too_many_wait_is_told_to_come_again(
    storage: Storage, store: ObjectStore, small_video: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the count in `_turn` they all wait, each with its request."""
    monkeypatch.setattr(look_into, "MOST_WAITING", 3)
    await storage.start()
    assert storage.workshop is not None
    looks, key = LookInto(storage.workshop, 1), f"uploads/{uuid7()}"
    async with store.upload(key, "video/mp4") as upload:
        await upload.part(small_video)
        await upload.complete()
    answers = await asyncio.gather(*(looks.probe(key) for _ in range(10)), return_exceptions=True)
    refused = [each for each in answers if isinstance(each, LookError)]
    assert [each.code for each in refused] == ["try_again"] * len(refused)
    assert 6 <= len(refused) <= 7
    assert {each.kind for each in answers if not isinstance(each, BaseException)} == {"video"}
    await store.delete(key)

"""Workers on a real database, a real object store and a provider's file server."""

import asyncio
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from contracts.ids import task_text
from storage.domain.task import Output, OutputKind, Succeeded
from storage.outbound.objects import ObjectStore

from tests.storage.media_files import SRT, make_audio, make_image, make_mesh
from tests.storage.storage_tools import ASK, Storage, succeeded, until, video

pytestmark = pytest.mark.stack


async def test_a_result_is_stored_and_said_with_all_that_is_known_of_it(
    storage: Storage, store: ObjectStore, small_video: bytes
) -> None:
    fact = succeeded(video(storage.serve("/a", small_video)), traceparent="00-trace")
    await storage.start()
    await storage.accept(fact)
    word = await storage.word(fact)
    assert (word.outcome, word.account_id, word.attempt) == ("stored", fact.account_id, 1)
    [asset] = word.assets
    name = task_text(fact.task_id)
    assert (asset.index, asset.kind, asset.role, asset.content_type) == (0, "video", None, "video/mp4")
    assert (asset.bucket, asset.object_key) == (storage.store.bucket, f"results/{name}/1/0-1.mp4")
    assert asset.file_name == f"{name}-0.mp4"
    assert (asset.size_bytes, asset.sha256) == (len(small_video), hashlib.sha256(small_video).hexdigest())
    assert (asset.width, asset.height, asset.duration_ms, asset.has_audio) == (160, 90, 2000, False)
    async with store.read(asset.object_key) as opened:
        assert b"".join([chunk async for chunk in opened.chunks]) == small_video
    row = await storage.db.pool.fetchrow("SELECT * FROM copies")
    assert row is not None
    assert (row["object_key"], row["link_token"]) == (asset.object_key, asset.link_token)
    sent = await storage.db.pool.fetchrow("SELECT event_id, key, traceparent FROM outbox")
    assert tuple(sent or ()) == (f"storage:{fact.task_id}:stored:1", str(fact.account_id), "00-trace")


async def test_a_repeat_after_the_end_neither_copies_nor_says_anything(
    storage: Storage, small_video: bytes
) -> None:
    fact = succeeded(video(storage.serve("/a", small_video)))
    await storage.start()
    await storage.accept(fact)
    await storage.word(fact)
    await storage.accept(fact)
    assert await storage.work(fact) is None
    assert len(await storage.said()) == 1
    assert storage.fetched("/a") == 1


async def test_two_workers_say_every_task_once(storage: Storage, small_video: bytes) -> None:
    facts = [succeeded(video(storage.serve(f"/{n}", small_video))) for n in range(20)]
    await storage.start()
    await storage.start()
    await storage.accept(*facts)
    for fact in facts:
        assert (await storage.word(fact)).outcome == "stored"
    assert len(await storage.said()) == len(facts)
    assert all(storage.fetched(f"/{n}") == 1 for n in range(20))


async def test_gif_and_last_frame_come_with_their_own_index_role_and_link(
    storage: Storage, small_video: bytes
) -> None:
    fact = succeeded(video(storage.serve("/a", small_video)), derive=("gif", "last_frame"))
    await storage.start()
    await storage.accept(fact)
    assets = (await storage.word(fact)).assets
    assert [(a.index, a.kind, a.role, a.content_type) for a in assets] == [
        (0, "video", None, "video/mp4"),
        (1, "image", "gif", "image/gif"),
        (2, "image", "last_frame", "image/png"),
    ]
    assert len({a.link_token for a in assets}) == len({a.object_key for a in assets}) == 3
    assert await storage.db.pool.fetchval("SELECT count(*) FROM copies WHERE stored_at IS NOT NULL") == 3


async def test_a_file_that_isnt_what_it_says_is_fetched_twice_and_then_refused(
    storage: Storage, store: ObjectStore, tmp_path: Path
) -> None:
    sound = make_audio(tmp_path / "a.mp4", "aac").read_bytes()
    fact = succeeded(video(storage.serve("/a", sound)))
    await storage.start()
    await storage.accept(fact)
    await storage.retry_now(fact)
    word = await storage.word(fact)
    assert (word.outcome, word.error_code, word.assets) == ("failed", "storage_failed", [])
    assert word.error_message == "the video turned out to be audio (not_what_it_says)"
    assert storage.fetched("/a") == 2
    for claim in (1, 2):
        assert await store.head(f"results/{task_text(fact.task_id)}/1/0-{claim}.mp4") is None


async def test_all_outputs_are_stored_or_none(
    storage: Storage, store: ObjectStore, small_video: bytes
) -> None:
    bad = storage.serve("/b", b"<html>no image</html>")
    fact = succeeded(video(storage.serve("/a", small_video)), Output(1, "image", "last_frame", bad))
    await storage.start()
    await storage.accept(fact)
    await storage.retry_now(fact)
    assert (await storage.word(fact)).outcome == "failed"
    assert await storage.db.pool.fetchval("SELECT count(*) FROM copies WHERE stored_at IS NOT NULL") == 0

    async def gone() -> bool:
        keys = [f"results/{task_text(fact.task_id)}/1/0-{claim}.mp4" for claim in (1, 2)]
        return [await store.head(key) for key in keys] == [None, None]

    await until(gone)


async def test_a_provider_that_cant_be_asked_now_is_asked_again(storage: Storage, small_video: bytes) -> None:
    storage.provider.answer("/old", "403 Forbidden")
    storage.provider.answer(ASK, "500 Oops")
    fact = succeeded(video(storage.provider.url("/old")))
    await storage.start()
    await storage.accept(fact)

    async def noted() -> bool:
        return bool((await storage.row(fact))["fault_code"] == "refresh_failed")

    await until(noted)
    storage.answer_poll(storage.serve("/new", small_video))
    await storage.retry_now(fact)
    assert (await storage.word(fact)).outcome == "stored"


async def test_credentials_go_to_the_providers_own_address(storage: Storage, small_video: bytes) -> None:
    url = storage.serve("/gemini/files/abc:download?alt=media", small_video)
    fact = succeeded(video(url), provider="gemini", protocol="gemini")
    await storage.start()
    await storage.accept(fact)
    assert (await storage.word(fact)).outcome == "stored"
    [(_, headers)] = storage.provider.seen
    assert headers["x-goog-api-key"] == "key"


async def test_several_results_of_all_kinds_are_stored_together(
    storage: Storage, small_video: bytes, tmp_path: Path
) -> None:
    contents: list[tuple[OutputKind, bytes]] = [
        ("video", small_video),
        ("image", make_image(tmp_path / "a.png").read_bytes()),
        ("audio", make_audio(tmp_path / "a.mp3", "libmp3lame").read_bytes()),
        ("subtitle", SRT),
        ("mesh", make_mesh()),
        ("text", "Ein Löwe gähnt.".encode()),
    ]
    fact = succeeded(
        *(
            Output(n, kind, None, storage.serve(f"/{n}", content))
            for n, (kind, content) in enumerate(contents)
        )
    )
    await storage.start()
    await storage.accept(fact)
    word = await storage.word(fact)
    assert [(each.kind, each.file_name.rpartition(".")[2]) for each in word.assets] == [
        ("video", "mp4"), ("image", "png"), ("audio", "mp3"),
        ("subtitle", "srt"), ("mesh", "glb"), ("text", "txt"),
    ]  # fmt: skip
    assert [each.size_bytes for each in word.assets] == [len(content) for _, content in contents]
    assert word.assets[3].duration_ms == 4500


async def test_bytes_from_a_providers_answer_are_copied_and_then_gone(
    storage: Storage, store: ObjectStore, tmp_path: Path
) -> None:
    picture = make_image(tmp_path / "a.png").read_bytes()
    fact = await in_inbox(store, picture)
    await storage.start()
    await storage.accept(fact)
    word = await storage.word(fact)
    [asset] = word.assets
    assert (asset.kind, asset.width, asset.sha256) == ("image", 64, hashlib.sha256(picture).hexdigest())
    assert await store.head(asset.object_key) is not None
    assert storage.provider.seen == []

    async def gone() -> bool:
        return await store.head(inbox_key(fact)) is None

    await until(gone)


async def test_what_is_lost_from_the_inbox_fails_for_good(
    storage: Storage, store: ObjectStore, tmp_path: Path
) -> None:
    fact = await in_inbox(store, make_image(tmp_path / "a.png").read_bytes())
    await store.delete(inbox_key(fact))
    await storage.start()
    await storage.accept(fact)
    word = await storage.word(fact)
    assert word.outcome == "failed"
    assert "result_lost" in (word.error_message or "")


@pytest.mark.parametrize(
    "where",
    ["object://elsewhere/inbox/x", "object://{bucket}/results/x", "object://{bucket}/inbox/../results/x"],
)
async def test_a_reference_reaches_only_the_inbox(storage: Storage, where: str) -> None:
    fact = succeeded(Output(0, "image", None, where.replace("{bucket}", storage.store.bucket)))
    await storage.start()
    await storage.accept(fact)
    assert "foreign_object" in ((await storage.word(fact)).error_message or "")


async def in_inbox(store: ObjectStore, content: bytes) -> Succeeded:
    """A task whose one result is in the inbox, as the dispatcher puts it there."""
    fact = succeeded()
    async with store.upload(inbox_key(fact), "image/png") as upload:
        await upload.part(content)
        await upload.complete()
    reference = f"object://{store.bucket}/{inbox_key(fact)}"
    return replace(fact, outputs=(Output(0, "image", None, reference),))


def inbox_key(fact: Succeeded) -> str:
    return f"inbox/{fact.task_id}/1/0"


async def test_a_server_that_is_down_is_tried_again_with_the_reason_kept(
    storage: Storage, small_video: bytes
) -> None:
    storage.provider.answer("/a", "503 Busy")
    fact = succeeded(video(storage.provider.url("/a")))
    await storage.start()
    await storage.accept(fact)
    await storage.retry_now(fact)
    await storage.retry_now(fact)

    async def twice() -> bool:
        row = await storage.row(fact)
        return bool((row["fault_code"], row["fault_count"]) == ("server_error", 3))

    await until(twice)
    assert await storage.said() == []
    storage.serve("/a", small_video)
    await storage.retry_now(fact)
    assert (await storage.word(fact)).outcome == "stored"


async def test_what_can_still_not_be_had_half_a_day_after_the_deadline_is_given_up(storage: Storage) -> None:
    storage.provider.answer("/a", "503 Busy")
    over = datetime.now(UTC) - timedelta(hours=12, seconds=1)
    fact = succeeded(video(storage.provider.url("/a")), deadline=over)
    await storage.start()
    await storage.accept(fact)
    word = await storage.word(fact)
    assert (word.outcome, word.error_message) == ("failed", "the server answered 503 (server_error)")


async def test_a_provider_that_is_missing_in_the_settings_is_waited_for(
    storage: Storage, small_video: bytes
) -> None:
    fact = succeeded(video(storage.serve("/a", small_video)), credential_id="gone")
    await storage.start()
    await storage.accept(fact)

    async def noted() -> bool:
        return bool((await storage.row(fact))["fault_code"] == "provider_not_configured")

    await until(noted)
    assert await storage.said() == []


async def test_a_killed_workers_task_is_taken_up_when_its_lease_ends(
    storage: Storage, small_video: bytes
) -> None:
    fact = succeeded(video(storage.serve("/a", small_video)))
    await storage.accept(fact)
    await storage.db.pool.execute(
        "UPDATE work SET leased = true, tries = 1, due_at = now() + interval '1 second'"
    )
    await storage.start()
    [asset] = (await storage.word(fact)).assets
    assert asset.object_key.endswith("/0-2.mp4"), "the second claim writes beside the first"


async def test_a_copy_may_take_longer_than_its_lease(storage: Storage, small_video: bytes) -> None:
    go_on = asyncio.Event()

    async def slow(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {len(small_video)}\r\n\r\n".encode())
        await writer.drain()
        await go_on.wait()
        writer.write(small_video)

    storage.provider.routes["/a"] = slow
    fact = succeeded(video(storage.provider.url("/a")))
    await storage.start(lease_seconds=8)
    await storage.accept(fact)
    await until(lambda: asyncio.sleep(0, storage.fetched("/a")))
    first = await storage.work(fact)
    assert first is not None

    async def renewed() -> bool:
        work = await storage.work(fact)
        return work is not None and work["due_at"] > first["due_at"]

    await until(renewed)
    go_on.set()
    [asset] = (await storage.word(fact)).assets
    assert asset.object_key.endswith("/0-1.mp4"), "it was claimed once"


async def test_a_copy_ends_when_its_row_is_somebody_elses(storage: Storage, small_video: bytes) -> None:
    broken = asyncio.Event()

    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {len(small_video)}\r\n\r\n".encode())
        await writer.drain()
        try:
            while True:
                await asyncio.sleep(0.05)
                writer.write(b" ")
                await writer.drain()
        except OSError:  # the client has hung up
            broken.set()

    storage.provider.routes["/a"] = endless
    fact = succeeded(video(storage.provider.url("/a")))
    worker = await storage.start(lease_seconds=6)
    await storage.accept(fact)
    await until(lambda: asyncio.sleep(0, storage.fetched("/a")))
    await storage.db.pool.execute(
        "UPDATE work SET tries = tries + 1, lease = gen_random_uuid(), due_at = now() + interval '1 hour'"
    )
    async with asyncio.timeout(30):
        await broken.wait()
    await until(lambda: asyncio.sleep(0, worker.in_hand == 0))
    assert await storage.said() == []
    work = await storage.work(fact)
    assert work is not None
    assert (work["tries"], work["leased"]) == (2, True), "the other one's row is left as it is"

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from runtime.egress.download import DownloadLimits
from runtime.egress.policy import EgressPolicy
from runtime.egress.testing import RawServer
from storage.domain.copy import Expected, Fault
from storage.outbound.clients import open_clients
from storage.outbound.fetch import Source
from storage.outbound.objects import ObjectStore, StoreConfig, open_store
from storage.probe.pool import ProbePool
from storage.usecases.copy_result import CopyError, CopyOrder, CopyTools, copy_result

from tests.storage.media_files import make_audio, make_image, make_video, read_frames

pytestmark = pytest.mark.stack
LIMITS = DownloadLimits(max_bytes=400 * 1024 * 1024, total_seconds=60, idle_seconds=5)


@pytest.fixture
async def tools(
    store: ObjectStore, pool: ProbePool, provider: RawServer, spool_directory: Path
) -> AsyncIterator[CopyTools]:
    async with open_clients(EgressPolicy.allowing([f"127.0.0.1:{provider.port}"])) as clients:
        yield CopyTools(clients, store, pool, spool_directory, LIMITS)


@pytest.fixture
def order(provider: RawServer) -> CopyOrder:
    source = Source(provider.url("/result"))
    return CopyOrder(str(uuid4()), 1, 0, claim=1, source=source, expected=Expected("video"))


def serve(provider: RawServer, content: bytes) -> None:
    provider.answer("/result", f"200 OK\r\ncontent-length: {len(content)}", content)


async def fault_of(tools: CopyTools, order: CopyOrder) -> Fault:
    with pytest.raises(CopyError) as caught:
        await copy_result(tools, order)
    return caught.value.fault


async def stored(store: ObjectStore, key: str) -> bytes:
    async with store.read(key) as opened:
        return b"".join([chunk async for chunk in opened.chunks])


async def test_a_result_is_stored_with_hash_size_type_and_shape(
    tools: CopyTools, order: CopyOrder, provider: RawServer, tmp_path: Path
) -> None:
    content = make_video(tmp_path / "a.mp4", sound=True).read_bytes()
    serve(provider, content)
    [copied] = await copy_result(tools, order)
    assert copied.key == f"results/{order.task}/1/0-1.mp4"
    assert (copied.size_bytes, copied.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert (copied.probe.width, copied.probe.height, copied.probe.duration_ms) == (160, 90, 2000)
    assert await stored(tools.store, copied.key) == content
    info = await tools.store.head(copied.key)
    assert info is not None
    assert info.content_type == "video/mp4"
    assert list(tools.spool_directory.iterdir()) == []


async def test_a_later_claim_writes_beside_an_earlier_one(
    tools: CopyTools, order: CopyOrder, provider: RawServer, tmp_path: Path
) -> None:
    serve(provider, make_video(tmp_path / "a.mp4").read_bytes())
    [first], [second] = (
        await copy_result(tools, order),
        await copy_result(tools, replace(order, claim=2)),
    )
    assert first.key != second.key
    assert await stored(tools.store, first.key) == await stored(tools.store, second.key)


@pytest.mark.parametrize("content", [b"<html>expired</html>", b"", b"\x00\x00\x00\x20ftypisom" + bytes(3000)])
async def test_what_is_no_video_never_becomes_an_object(
    tools: CopyTools, order: CopyOrder, provider: RawServer, content: bytes
) -> None:
    serve(provider, content)
    fault = await fault_of(tools, order)
    assert fault.code in {"not_what_it_says", "unreadable"}
    assert fault.permanent
    assert await tools.store.head(order.key(0, "mp4")) is None
    assert list(tools.spool_directory.iterdir()) == []


async def test_sound_in_a_video_container_is_no_video(
    tools: CopyTools, order: CopyOrder, provider: RawServer, tmp_path: Path
) -> None:
    serve(provider, make_audio(tmp_path / "a.mp4", "aac").read_bytes())
    assert (await fault_of(tools, order)).code == "not_what_it_says"
    assert await tools.store.head(order.key(0, "mp4")) is None


async def test_an_image_and_a_sound_are_stored_as_such(
    tools: CopyTools, order: CopyOrder, provider: RawServer, tmp_path: Path
) -> None:
    serve(provider, make_image(tmp_path / "a.png").read_bytes())
    [image] = await copy_result(tools, replace(order, expected=Expected("image", "last_frame")))
    serve(provider, make_audio(tmp_path / "a.mp3", "libmp3lame").read_bytes())
    [sound] = await copy_result(tools, replace(order, index=1, expected=Expected("audio")))
    assert (image.role, image.probe.content_type) == ("last_frame", "image/png")
    assert (sound.key.rpartition("/")[2], sound.probe.content_type) == ("1-1.mp3", "audio/mpeg")


async def test_gif_and_last_frame_are_stored_beside_the_video(
    tools: CopyTools, order: CopyOrder, provider: RawServer, tmp_path: Path
) -> None:
    serve(provider, make_video(tmp_path / "a.mp4").read_bytes())
    copied = await copy_result(tools, replace(order, derived={"gif": 1, "last_frame": 2}))
    assert [(one.index, one.role, one.probe.content_type) for one in copied] == [
        (0, None, "video/mp4"),
        (1, "gif", "image/gif"),
        (2, "last_frame", "image/png"),
    ]
    for one in copied:
        content = await stored(tools.store, one.key)
        assert (len(content), hashlib.sha256(content).hexdigest()) == (one.size_bytes, one.sha256)


async def test_only_the_marked_video_is_stored_and_the_rest_is_made_from_it(
    tools: CopyTools, order: CopyOrder, provider: RawServer, tmp_path: Path
) -> None:
    content = make_video(tmp_path / "a.mp4", width=640, height=360).read_bytes()
    serve(provider, content)
    marked, last = await copy_result(tools, replace(order, watermark=True, derived={"last_frame": 1}))
    (tmp_path / "marked.mp4").write_bytes(await stored(tools.store, marked.key))
    assert marked.sha256 != hashlib.sha256(content).hexdigest()
    assert marked.probe.duration_ms == 2000
    (tmp_path / "last.png").write_bytes(await stored(tools.store, last.key))
    shown = read_frames(tmp_path / "last.png")[0].crop((540, 320, 640, 360))
    assert any(isinstance(colour, tuple) and min(colour) > 120 for _, colour in shown.getcolors(10_000) or [])


async def test_an_expired_address_and_a_private_one_are_permanent_faults(
    tools: CopyTools, order: CopyOrder, provider: RawServer
) -> None:
    provider.answer("/result", "403 Forbidden")
    expired = await fault_of(tools, order)
    private = await fault_of(tools, replace(order, source=Source("http://169.254.169.254/latest")))
    assert (expired.code, expired.permanent) == ("expired", True)
    assert (private.code, private.permanent) == ("address_refused", True)


async def test_a_transfer_that_breaks_off_is_tried_again_and_leaves_nothing(
    tools: CopyTools, order: CopyOrder, provider: RawServer, tmp_path: Path
) -> None:
    content = make_video(tmp_path / "a.mp4").read_bytes()
    provider.answer("/result", f"200 OK\r\ncontent-length: {len(content)}", content[:-1])
    fault = await fault_of(tools, order)
    assert (fault.code, fault.permanent) == ("interrupted", False)
    assert await tools.store.head(order.key(0, "mp4")) is None


async def test_a_store_that_is_down_is_a_passing_fault(
    tools: CopyTools, order: CopyOrder, provider: RawServer, tmp_path: Path
) -> None:
    serve(provider, make_video(tmp_path / "a.mp4").read_bytes())
    async with open_store(StoreConfig("framebus", "x", "y", endpoint="http://127.0.0.1:1")) as down:
        fault = await fault_of(replace(tools, store=down), order)
    assert (fault.code, fault.permanent) == ("object_store_failed", False)


async def test_a_cancelled_copy_leaves_neither_object_nor_file(
    tools: CopyTools, order: CopyOrder, provider: RawServer, tmp_path: Path
) -> None:
    content = make_video(tmp_path / "a.mp4").read_bytes()
    sent = asyncio.Event()

    async def half(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + content[:100])
        await writer.drain()
        sent.set()
        await asyncio.sleep(60)

    provider.routes["/result"] = half
    task = asyncio.create_task(copy_result(tools, order))
    await sent.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await tools.store.head(order.key(0, "mp4")) is None
    assert list(tools.spool_directory.iterdir()) == []


def resident_mb() -> int:
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) // 1024


async def test_two_hundred_megabytes_pass_through_a_flat_memory(
    tools: CopyTools, order: CopyOrder, provider: RawServer, tmp_path: Path
) -> None:
    video, padding = make_video(tmp_path / "a.mp4").read_bytes(), 200 * 1024 * 1024
    free = (padding + 8).to_bytes(4, "big") + b"free"  # a box that players skip

    async def large(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {len(video) + 8 + padding}\r\n\r\n".encode())
        writer.write(video + free)
        for _ in range(padding // 2**20):
            writer.write(bytes(2**20))
            await writer.drain()

    provider.routes["/result"] = large
    before, peak = resident_mb(), resident_mb()
    copy = asyncio.create_task(copy_result(tools, order))
    while not (await asyncio.wait([copy], timeout=0.02))[0]:
        peak = max(peak, resident_mb())
    [copied] = await copy
    grown = peak - before
    assert copied.size_bytes > padding
    assert copied.probe.duration_ms == 2000
    assert grown < 80, f"memory grew by {grown} MB"
    await tools.store.delete(copied.key)

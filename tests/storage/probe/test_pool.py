import asyncio
import os
import signal
from pathlib import Path

import pytest
from PIL import Image
from storage.probe.pool import ProbeError, ProbeLimits, ProbePool, open_pool

from tests.storage.media_files import claim_size, make_audio, make_image, make_video, read_frames


async def code_of(pool: ProbePool, path: Path) -> str:
    with pytest.raises(ProbeError) as caught:
        await pool.probe(path)
    return caught.value.code


@pytest.mark.parametrize(
    ("name", "codec", "content_type", "found_codec"),
    [
        ("a.mp4", "libx264", "video/mp4", "h264"),
        ("a.mov", "libx264", "video/quicktime", "h264"),
        ("a.webm", "libvpx-vp9", "video/webm", "vp9"),
        ("a.mkv", "libx264", "video/x-matroska", "h264"),
        ("a.ts", "libx264", "video/mp2t", "h264"),
        ("a.avi", "mpeg4", "video/x-msvideo", "mpeg4"),
    ],
)
async def test_a_video_is_told_by_its_content(
    pool: ProbePool, tmp_path: Path, name: str, codec: str, content_type: str, found_codec: str
) -> None:
    path = make_video(tmp_path / name, codec=codec, seconds=3).rename(tmp_path / "no-name")
    probe = await pool.probe(path)
    assert (probe.kind, probe.content_type, probe.codec) == ("video", content_type, found_codec)
    assert (probe.width, probe.height, probe.has_audio) == (160, 90, False)
    assert probe.duration_ms == pytest.approx(3000, abs=100)


async def test_a_sound_track_is_seen(pool: ProbePool, tmp_path: Path) -> None:
    probe = await pool.probe(make_video(tmp_path / "a.mp4", sound=True))
    assert probe.has_audio is True
    assert probe.duration_ms == 2000
    assert probe.frames == 24


@pytest.mark.parametrize(
    ("name", "codec", "content_type"),
    [
        ("a.mp3", "libmp3lame", "audio/mpeg"),
        ("a.wav", "pcm_s16le", "audio/wav"),
        ("a.m4a", "aac", "audio/mp4"),
        ("a.flac", "flac", "audio/flac"),
        ("a.ogg", "libopus", "audio/ogg"),
    ],
)
async def test_audio_is_told_by_its_content(
    pool: ProbePool, tmp_path: Path, name: str, codec: str, content_type: str
) -> None:
    probe = await pool.probe(make_audio(tmp_path / name, codec))
    assert (probe.kind, probe.content_type) == ("audio", content_type)
    assert probe.duration_ms == pytest.approx(2000, abs=100)


@pytest.mark.parametrize(
    ("name", "content_type"),
    [("a.png", "image/png"), ("a.jpg", "image/jpeg"), ("a.webp", "image/webp"), ("a.gif", "image/gif")],
)
async def test_an_image_is_told_by_its_content(
    pool: ProbePool, tmp_path: Path, name: str, content_type: str
) -> None:
    probe = await pool.probe(make_image(tmp_path / name))
    assert (probe.kind, probe.content_type, probe.width, probe.height) == ("image", content_type, 64, 48)


async def test_what_is_no_media_is_unreadable(pool: ProbePool, tmp_path: Path) -> None:
    contents = {
        "empty": b"",
        "noise": os.urandom(5000),
        "only a head": b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41",
    }
    for name, content in contents.items():
        path = tmp_path / name
        path.write_bytes(content)
        assert (name, await code_of(pool, path)) == (name, "unreadable")


@pytest.mark.parametrize(
    "content",
    [
        b"<!doctype html><html>expired</html>",
        b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
    ],
)
async def test_a_text_that_names_other_files_is_a_text_and_no_medium(
    pool: ProbePool, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    assert (await pool.probe(path)).kind == "text"


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.png", "a.jpg", "a.webm"])
async def test_a_file_that_is_cut_off_is_unreadable(pool: ProbePool, tmp_path: Path, name: str) -> None:
    video = name.endswith(("mp4", "mov", "webm"))
    codec = "libvpx-vp9" if name.endswith("webm") else "libx264"
    path = (
        make_video(tmp_path / name, codec=codec, seconds=6)
        if video
        else make_image(tmp_path / name, (300, 300))
    )
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    assert await code_of(pool, path) == "unreadable"


async def test_content_is_probed_as_a_file_of_it_is(pool: ProbePool, tmp_path: Path) -> None:
    long, short = make_video(tmp_path / "a.mp4", seconds=6, sound=True), make_image(tmp_path / "b.png")
    for path in (long, short, long):
        assert await pool.probe(path.read_bytes()) == await pool.probe(path)
    content = long.read_bytes()
    with pytest.raises(ProbeError) as caught:
        await pool.probe(content[: len(content) * 6 // 10])
    assert caught.value.code == "unreadable"
    assert (await pool.probe(short.read_bytes())).kind == "image"


async def test_a_picture_bomb_is_not_unpacked(pool: ProbePool, tmp_path: Path) -> None:
    bomb = claim_size(tmp_path / "bomb.png", 30_000)
    with pytest.raises(ProbeError, match="30000 x 30000 pixels"):
        await pool.probe(bomb)


async def test_a_video_larger_than_the_limit_is_not_decoded(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4")
    async with open_pool(ProbeLimits(workers=1, max_pixels=160 * 90 - 1)) as small:
        assert await code_of(small, path) == "unreadable"


async def test_a_worker_that_dies_costs_its_job_and_nothing_else(tmp_path: Path) -> None:
    good = make_video(tmp_path / "a.mp4")
    async with open_pool(ProbeLimits(workers=1)) as pool:
        fifo = tmp_path / "fifo"
        os.mkfifo(fifo)
        stuck = asyncio.create_task(pool.probe(fifo))
        await opened_by_a_child(fifo)
        os.kill(pool.processes[0], signal.SIGKILL)
        with pytest.raises(ProbeError) as caught:
            await stuck
        assert (caught.value.code, caught.value.permanent) == ("probe_crashed", False)
        assert (await pool.probe(good)).kind == "video"


async def test_a_probe_that_hangs_is_ended_in_time(tmp_path: Path) -> None:
    good = make_video(tmp_path / "a.mp4")
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    async with open_pool(ProbeLimits(workers=1, probe_seconds=5)) as pool:
        assert await code_of(pool, fifo) == "probe_timeout"
        assert (await pool.probe(good)).kind == "video"


async def test_a_cancelled_probe_does_not_answer_the_next_one(tmp_path: Path) -> None:
    good = make_video(tmp_path / "a.mp4")
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    async with open_pool(ProbeLimits(workers=1)) as pool:
        stuck = asyncio.create_task(pool.probe(fifo))
        await opened_by_a_child(fifo)
        stuck.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stuck
        assert (await pool.probe(good)).width == 160


async def test_a_file_that_needs_too_much_memory_is_told_from_a_bad_one(tmp_path: Path) -> None:
    path, good = tmp_path / "a.png", make_image(tmp_path / "b.png")
    Image.new("RGBA", (10_000, 3_900)).save(path, compress_level=1)
    async with open_pool(ProbeLimits(workers=1, memory_bytes=200 * 1024**2)) as pool:
        assert await code_of(pool, path) == "probe_out_of_memory"
        assert (await pool.probe(good)).kind == "image"


async def test_a_child_is_replaced_after_its_jobs_and_after_being_idle(tmp_path: Path) -> None:
    path = make_image(tmp_path / "a.png")
    async with open_pool(ProbeLimits(workers=1, jobs_per_worker=2)) as pool:
        pids = []
        for _ in range(4):
            await pool.probe(path)
            pids.append(pool.processes)
        assert len(pids[0]) == 1
        assert pids[1] == []
        assert pids[2] != pids[0]
    async with open_pool(ProbeLimits(workers=1, idle_seconds=0.05)) as pool:
        for _ in range(3):
            assert (await pool.probe(path)).kind == "image"
            while pool.processes:
                await asyncio.sleep(0.02)


async def test_children_start_when_needed_and_end_with_the_pool(tmp_path: Path) -> None:
    path = make_image(tmp_path / "a.png")
    async with open_pool(ProbeLimits(workers=2)) as pool:
        assert pool.processes == []
        await asyncio.gather(*(pool.probe(path) for _ in range(8)))
        pids = pool.processes
        assert len(pids) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_no_secret_of_the_service_is_in_a_childs_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORAGE_S3_SECRET_KEY", "very-secret")
    async with open_pool(ProbeLimits(workers=1)) as pool:
        await pool.probe(make_image(tmp_path / "a.png"))
        assert b"very-secret" not in environment_of(pool.processes[0])


async def test_the_last_frame_is_the_last_one(pool: ProbePool, tmp_path: Path) -> None:
    target = tmp_path / "last.png"
    await pool.derive("last_frame", make_video(tmp_path / "a.mp4", seconds=4), target)
    picture = Image.open(target).convert("RGB")
    assert picture.size == (160, 90)
    red, *others = pixel(picture, (80, 45))
    assert red > 240
    assert max(others) < 20


async def test_a_gif_shows_the_whole_clip_at_its_shape(pool: ProbePool, tmp_path: Path) -> None:
    target = tmp_path / "a.gif"
    await pool.derive("gif", make_video(tmp_path / "a.mp4", width=360, height=640, seconds=2), target)
    probe = await pool.probe(target)
    assert (probe.content_type, probe.width, probe.height) == ("image/gif", 270, 480)
    frames = read_frames(target)
    assert len(frames) == pytest.approx(20, abs=1)
    assert pixel(frames[0], (135, 240))[0] < 30
    assert pixel(frames[-1], (135, 240))[0] > 220


async def test_a_watermark_changes_the_corner_and_nothing_else(pool: ProbePool, tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mp4", width=640, height=360, seconds=2, sound=True)
    target = tmp_path / "marked.mp4"
    await pool.derive("watermark", source, target)
    probe = await pool.probe(target)
    assert (probe.content_type, probe.width, probe.height) == ("video/mp4", 640, 360)
    assert (probe.has_audio, probe.duration_ms, probe.frames) == (True, 2000, 24)
    last, marked = read_frames(source)[-1], read_frames(target)[-1]
    pairs = zip(pixel(last, (20, 20)), pixel(marked, (20, 20)), strict=True)
    assert max(abs(a - b) for a, b in pairs) < 12
    corner = [pixel(marked, (x, y)) for x in range(540, 640) for y in range(320, 360)]
    assert any(min(colour) > 120 for colour in corner)


async def test_a_video_of_odd_size_can_be_marked(pool: ProbePool, tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mp4", width=161, height=91, pixels="yuv444p")
    await pool.derive("watermark", source, tmp_path / "marked.mp4")
    probe = await pool.probe(tmp_path / "marked.mp4")
    assert (probe.width, probe.height, probe.has_audio) == (160, 90, False)


async def test_nothing_is_derived_from_what_is_no_video(pool: ProbePool, tmp_path: Path) -> None:
    for path in (make_image(tmp_path / "a.png"), make_audio(tmp_path / "a.mp3", "libmp3lame")):
        with pytest.raises(ProbeError) as caught:
            await pool.derive("gif", path, tmp_path / "out.gif")
        assert caught.value.code == "unreadable"


def environment_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


def pixel(picture: Image.Image, at: tuple[int, int]) -> tuple[int, ...]:
    found = picture.convert("RGB").getpixel(at)
    assert isinstance(found, tuple)
    return tuple(int(value) for value in found)


async def opened_by_a_child(fifo: Path) -> int:
    """Wait until a child reads from a pipe that has nothing to say, and return our end of it."""
    while True:
        try:
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            await asyncio.sleep(0.02)

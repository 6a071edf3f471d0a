"""Subtitles, meshes and texts: read to their end, refused when empty or broken. And marked images."""

from pathlib import Path

import pytest
from PIL import Image
from storage.probe.pool import ProbeError, ProbePool

from tests.storage.media_files import SRT, VTT, make_image, make_mesh


async def code_of(pool: ProbePool, path: Path) -> str:
    with pytest.raises(ProbeError) as caught:
        await pool.probe(path)
    return caught.value.code


def written(folder: Path, content: bytes) -> Path:
    path = folder / "no-name"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "content_type", "extension", "duration_ms"),
    [
        (SRT, "application/x-subrip", "srt", 4500),
        (b"\xef\xbb\xbf" + SRT.replace(b"\n", b"\r\n"), "application/x-subrip", "srt", 4500),
        (VTT, "text/vtt", "vtt", 3_601_000),
        (b"WEBVTT\n\n00:00.000 --> 00:01.000\n", "text/vtt", "vtt", 1000),
    ],
)
async def test_subtitles_are_read_cue_by_cue(
    pool: ProbePool, tmp_path: Path, content: bytes, content_type: str, extension: str, duration_ms: int
) -> None:
    probe = await pool.probe(written(tmp_path, content))
    assert (probe.kind, probe.content_type, probe.extension) == ("subtitle", content_type, extension)
    assert probe.duration_ms == duration_ms


BROKEN = {
    "no cue": b"WEBVTT\n",
    "only a note": b"WEBVTT\n\nNOTE nothing\n",
    "times cut off": SRT + b"\n3\n00:00:05,000 --> 00:00",
    "prose between": SRT + b"\nonce upon a time\nthere was none\n",
    "backwards": b"1\n00:00:05,000 --> 00:00:02,000\nback\n",
    "no utf-8": SRT + b"\n3\n00:00:05,000 --> 00:00:06,000\ncaf\xe9\n",
    "nul": b"1\n00:00:00,000 --> 00:00:02,000\nnothing\0here\n",
    "mesh cut off": make_mesh()[:-8],
    "mesh with more": make_mesh() + b"more",
    "mesh of version 1": make_mesh().replace(b"glTF\x02", b"glTF\x01"),
    "mesh without data": make_mesh({"asset": {"version": "2.0"}, "buffers": [{"byteLength": 99}]}),
    "mesh of version 3": make_mesh({"asset": {"version": "3.0"}}),
    "mesh that is a list": make_mesh({"asset": {"version": "2.0"}, "buffers": [1]}),
    "mesh that fetches": make_mesh({"asset": {"version": "2.0"}, "images": [{"uri": "http://10.0.0.1/"}]}),
    "mesh header alone": b"glTF\x02\x00\x00\x00\x0c\x00\x00\x00",
    "half a mesh header": b"glTF\x02\x00",
    "blank": b" \n\t\n",
    "late binary": b"words" * 2000 + b"\xff\xfe\x00",
}


@pytest.mark.parametrize("name", BROKEN)
async def test_what_is_broken_or_empty_is_refused(pool: ProbePool, tmp_path: Path, name: str) -> None:
    assert await code_of(pool, written(tmp_path, BROKEN[name])) == "unreadable"


async def test_a_mesh_is_read_to_its_end(pool: ProbePool, tmp_path: Path) -> None:
    probe = await pool.probe(written(tmp_path, make_mesh()))
    assert (probe.kind, probe.content_type, probe.extension) == ("mesh", "model/gltf-binary", "glb")


async def test_a_text_is_served_as_plain_text_whatever_it_says(pool: ProbePool, tmp_path: Path) -> None:
    for content in ("Ein Löwe", "<script>alert(1)</script>", '{"a": 1}'):
        probe = await pool.probe(written(tmp_path, content.encode()))
        assert (probe.kind, probe.content_type, probe.extension) == ("text", "text/plain", "txt")


async def test_a_text_that_is_far_too_long_is_refused(pool: ProbePool, tmp_path: Path) -> None:
    assert await code_of(pool, written(tmp_path, b"long " * 1_000_000)) == "unreadable"


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.gif"])
async def test_the_mark_goes_into_the_corner_of_an_image_and_nowhere_else(
    pool: ProbePool, tmp_path: Path, name: str
) -> None:
    source, target = make_image(tmp_path / name, (320, 240)), tmp_path / "marked"
    await pool.derive("watermark", source, target)
    assert (await pool.probe(target)).content_type == (await pool.probe(source)).content_type
    with Image.open(source) as before, Image.open(target) as after:
        assert after.size == before.size
        assert after.convert("RGB").getpixel((5, 5)) == pytest.approx(
            before.convert("RGB").getpixel((5, 5)), abs=3
        )
        corner = (200, 200, 320, 240)
        assert after.convert("RGB").crop(corner).tobytes() != before.convert("RGB").crop(corner).tobytes()


async def test_every_frame_of_a_moving_image_is_marked(pool: ProbePool, tmp_path: Path) -> None:
    frames = [Image.new("RGB", (200, 150), colour) for colour in ("navy", "maroon", "green")]
    source, target = tmp_path / "a.gif", tmp_path / "marked"
    frames[0].save(source, save_all=True, append_images=frames[1:], duration=100, loop=0)
    await pool.derive("watermark", source, target)
    with Image.open(target) as after:
        assert getattr(after, "n_frames", 1) == 3
        for number in range(3):
            after.seek(number)
            assert len(set(after.convert("RGB").crop((100, 110, 200, 150)).get_flattened_data())) > 1

"""Every kind of result that a simulated provider can make, read back by the tools of its trade."""

import io
import json
import struct
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image
from simulator.render.make import make, probe_seconds
from simulator.render.spec import (
    FORMATS,
    AudioSpec,
    ImageSpec,
    MeshSpec,
    Spec,
    SubtitleSpec,
    VideoSpec,
    cached_spec,
    speech_seconds,
)
from simulator.render.subtitle import cues, words


def made(tmp_path: Path, spec: Spec, suffix: str) -> bytes:
    path = tmp_path / f"result{suffix}"
    make(spec, str(path), None)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    data = path.read_bytes()
    path.unlink()
    return data


def picture(**more: Any) -> ImageSpec:
    return ImageSpec(**{"width": 257, "height": 130, "caption": "a harbour", "look": "a", **more})


@pytest.mark.parametrize(
    ("suffix", "kind"), [(".png", "PNG"), (".jpg", "JPEG"), (".jpeg", "JPEG"), (".webp", "WEBP")]
)
def test_an_image_has_the_asked_size_and_format(tmp_path: Path, suffix: str, kind: str) -> None:
    image = Image.open(io.BytesIO(made(tmp_path, picture(), suffix)))
    assert (image.format, image.size) == (kind, (257, 130))


def test_an_image_shows_its_input_and_its_look(tmp_path: Path, red_portrait: bytes) -> None:
    def mean(**more: Any) -> Any:
        image = Image.open(io.BytesIO(made(tmp_path, picture(caption="", **more), ".png")))
        return np.asarray(image).mean(axis=(0, 1))

    red, green, blue = mean(image=red_portrait)
    assert (red > 180, green < 60, blue < 60) == (True, True, True)
    assert np.abs(mean(look="a") - mean(look="b")).max() > 5


def test_a_gif_moves_and_lasts_as_long_as_asked(tmp_path: Path) -> None:
    spec = VideoSpec(width=96, height=64, frames=48, caption="", look="a")
    image: Any = Image.open(io.BytesIO(made(tmp_path, spec, ".gif")))
    lengths = []
    for index in range(image.n_frames):
        image.seek(index)
        lengths.append(image.info["duration"])
    assert (image.size, sum(lengths), image.info["loop"]) == ((96, 64), 2000, 0)


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [(".mp3", "mp3"), (".wav", "pcm_s16le"), (".opus", "opus"), (".aac", "aac"), (".flac", "flac")],
)
@pytest.mark.parametrize("style", ["speech", "music"])
def test_sound_has_the_asked_length_and_codec(tmp_path: Path, suffix: str, codec: str, style: Any) -> None:
    data = made(tmp_path, AudioSpec(seconds=2.5, look="a", text="hello", style=style), suffix)
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.audio[0]
        samples = np.concatenate([frame.to_ndarray().reshape(-1) for frame in container.decode(stream)])
        assert stream.codec_context.name.startswith(codec)
        assert len(samples) / stream.codec_context.sample_rate == pytest.approx(2.5, abs=0.1)
    assert np.abs(samples.astype(float)).max() > 0


def test_bare_samples_are_24_000_a_second(tmp_path: Path) -> None:
    assert len(made(tmp_path, AudioSpec(seconds=1.5, look="a"), ".pcm")) == 1.5 * 24_000 * 2


def test_a_longer_text_takes_longer_and_speed_shortens_it() -> None:
    assert speech_seconds("x" * 300) == 20
    assert speech_seconds("字" * 100) == 20
    assert speech_seconds("x" * 300, speed=2) == 10


@pytest.mark.parametrize("seconds", [0.4, 3.0, 3.01, 61.7])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_lines_follow_each_other_and_end_with_the_sound(seconds: float, language: str) -> None:
    found = cues(SubtitleSpec(seconds=seconds, look="a", language=language))
    times = [moment for cue in found for moment in (cue.start, cue.end)]
    assert times == sorted(times)
    assert times[-1] <= seconds
    spoken = words(SubtitleSpec(seconds=seconds, look="a", language=language))
    assert all(word["start"] < word["end"] for word in spoken)


def test_subtitles_are_numbered_stamped_and_separated(tmp_path: Path) -> None:
    spec = SubtitleSpec(seconds=3700, look="a")
    srt = made(tmp_path, spec, ".srt").decode()
    assert srt.startswith("1\n00:00:00,000 --> 00:00:02,800\n")
    assert "\n\n1201\n01:00:00,000 --> 01:00:02,800\n" in srt
    vtt = made(tmp_path, spec, ".vtt").decode()
    assert vtt.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:02.800\n")
    verbose = json.loads(made(tmp_path, spec, ".json"))
    assert (verbose["duration"], len(verbose["segments"])) == (3700, srt.count(" --> "))
    assert verbose["text"] + "\n" == made(tmp_path, spec, ".txt").decode()


def test_a_mesh_is_a_whole_binary_gltf(tmp_path: Path) -> None:
    data = made(tmp_path, MeshSpec(look="a"), ".glb")
    magic, version, length = struct.unpack_from("<4sII", data)
    assert (magic, version, length, len(data) % 4) == (b"glTF", 2, len(data), 0)
    size, kind = struct.unpack_from("<I4s", data, 12)
    document = json.loads(data[20 : 20 + size])
    binary, tag = struct.unpack_from("<I4s", data, 20 + size)
    assert (kind, tag, 28 + size + binary) == (b"JSON", b"BIN\0", length)
    buffer = data[28 + size :]
    points, normals, faces = (
        np.frombuffer(buffer, dtype, count * width, offset=view["byteOffset"]).reshape(-1, width)
        for view, (dtype, count, width) in zip(
            document["bufferViews"],
            (("<f4", 768, 3), ("<f4", 768, 3), ("<u2", document["accessors"][2]["count"], 1)),
            strict=True,
        )
    )
    assert document["accessors"][0]["min"] == pytest.approx(points.min(0).tolist())
    assert np.allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-5)
    assert faces.max() == len(points) - 1
    assert made(tmp_path, MeshSpec(look="b"), ".glb") != data


@pytest.mark.parametrize("suffix", [suffix for each in FORMATS.values() for suffix in each])
def test_every_format_has_its_small_stand_in(tmp_path: Path, suffix: str) -> None:
    spec = cached_spec(suffix)
    assert 0 < len(made(tmp_path, spec, suffix)) < 200_000


def test_what_is_no_sound_has_no_length() -> None:
    assert probe_seconds(b"not a video") is None

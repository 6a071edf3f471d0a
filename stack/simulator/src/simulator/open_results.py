"""What a marketplace's model makes of its input: sizes, lengths, files."""

import math
import re
from collections.abc import Mapping
from typing import Any

from simulator.jobs import Job
from simulator.open_models import Makes
from simulator.render.spec import (
    FRAME_RATE,
    AudioSpec,
    ImageSpec,
    MeshSpec,
    Result,
    Spec,
    SubtitleSpec,
    VideoSpec,
    speech_seconds,
)
from simulator.render.subtitle import verbose

MOST_SECONDS, MOST_FRAMES, MOST_PIXELS, MOST_FILES = 120.0, 1000, 4096, 8
_PROMPTS = ("prompt", "text", "gen_text", "input_text", "lyrics", "tags", "initial_prompt")
_NAMED_SIZES = {
    "square_hd": (1024, 1024),
    "square": (512, 512),
    "portrait_4_3": (768, 1024),
    "portrait_16_9": (576, 1024),
    "landscape_4_3": (1024, 768),
    "landscape_16_9": (1024, 576),
}
_SUFFIXES: dict[Makes, tuple[str, ...]] = {
    "video": (".mp4", ".mov", ".gif"), "image": (".png", ".jpeg", ".jpg", ".webp"),
    "speech": (".wav", ".mp3", ".flac", ".opus"), "music": (".wav", ".mp3", ".flac"),
    "subtitles": (".json",), "mesh": (".glb",),
}  # fmt: skip


def prompt_of(given: Mapping[str, Any]) -> str:
    """What is asked for in words; where nothing is, every text of the input, so that markers are found."""
    for name in _PROMPTS:
        if isinstance(given.get(name), str) and given[name]:
            return str(given[name])
    return " ".join(value for value in given.values() if isinstance(value, str) and len(value) < 500)


def size_of(given: Mapping[str, Any], makes: Makes, image: tuple[int, int] | None) -> tuple[int, int]:
    """Even width and height, as whichever of the usual members asks for them."""
    if makes not in ("video", "image"):
        return 0, 0
    found = _asked_size(given, image) or image or ((832, 480) if makes == "video" else (1024, 1024))
    largest = max(*found, 1)
    scale = min(1.0, MOST_PIXELS / largest)
    return _even(found[0] * scale), _even(found[1] * scale)


def results(job: Job, makes: Makes, image: bytes | None) -> list[Result]:
    """The files of a job whose `params["input"]` is the model's input."""
    given = job.params["input"]
    suffix = _suffix(given, makes)
    count = (
        _number(given, ("num_images", "num_outputs", "batch_size"), 1) if makes in ("image", "mesh") else 1
    )
    looks = [job.look if n == 0 else f"{job.look}#{n}" for n in range(min(MOST_FILES, max(1, int(count))))]
    return [Result(suffix, _spec(job, makes, look, image)) for look in looks]


class Marketplace:
    """What providers of any model share: they read `input` and `makes` of a job's `params`."""

    def size(self, job: Job, image_size: tuple[int, int] | None) -> tuple[int, int]:
        """As the model's input asks."""
        return size_of(job.params["input"], job.params["makes"], image_size)

    def results(self, job: Job, image: bytes | None) -> list[Result]:
        """As the model's input asks; what is heard is kept, since the answer carries it."""
        if job.params["makes"] == "subtitles":
            job.params["heard"] = verbose(heard(job))
        return results(job, job.params["makes"], image)


def heard(job: Job) -> SubtitleSpec:
    """What is heard in a job's sound or video."""
    seconds = next((item.seconds for item in job.inputs if item.seconds), None)
    language = job.params["input"].get("language")
    return SubtitleSpec(
        seconds=seconds or 5.0, look=job.look, language=language if isinstance(language, str) else "en"
    )


def _spec(job: Job, makes: Makes, look: str, image: bytes | None) -> Spec:
    given = job.params["input"]
    width, height = job.size or (0, 0)
    match makes:
        case "video":
            return VideoSpec(
                width=width, height=height, frames=_frames(given), caption=job.prompt, look=look, image=image,
                audio=any(item.kind == "audio" for item in job.inputs) or bool(given.get("generate_audio")),
            )  # fmt: skip
        case "image":
            return ImageSpec(width=width, height=height, caption=job.prompt, look=look, image=image)
        case "speech":
            speed = _number(given, ("speed",), 1.0)
            return AudioSpec(
                seconds=min(MOST_SECONDS, speech_seconds(job.prompt, speed or 1.0)),
                look=look,
                text=job.prompt,
            )
        case "music":
            seconds = _number(given, ("duration", "seconds_total", "audio_length", "seconds"), 8.0)
            return AudioSpec(seconds=min(MOST_SECONDS, max(0.5, seconds)), look=look, style="music")
        case "subtitles":
            return heard(job)
        case "mesh":
            return MeshSpec(look=look)


def _frames(given: Mapping[str, Any]) -> int:
    frames = _number(given, ("num_frames", "video_length", "frames", "video_frame_load_cap"), 0)
    if not frames:
        frames = _number(given, ("duration", "num_seconds", "seconds"), 81 / FRAME_RATE) * FRAME_RATE
    return min(MOST_FRAMES, max(1, math.floor(frames + 0.5)))


def _number(given: Mapping[str, Any], names: tuple[str, ...], otherwise: float) -> float:
    """The first of these members that is a number, also as "5" or "5s"."""
    for name in names:
        value = given.get(name)
        written = re.fullmatch(r"(\d{1,6}(?:\.\d+)?)s?", value) if isinstance(value, str) else None
        if written:
            return float(written[1])
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return float(value)
    return otherwise


def _suffix(given: Mapping[str, Any], makes: Makes) -> str:
    asked = given.get("output_format") or given.get("audio_format") or given.get("format")
    wanted = f".{asked}".lower() if isinstance(asked, str) else ""
    return wanted if wanted in _SUFFIXES[makes] else _SUFFIXES[makes][0]


def _asked_size(given: Mapping[str, Any], image: tuple[int, int] | None) -> tuple[float, float] | None:
    for holder in (given.get("image_size"), given.get("video_size"), given):
        if isinstance(holder, str) and holder in _NAMED_SIZES:
            return _NAMED_SIZES[holder]
        if isinstance(holder, Mapping) and _number(holder, ("width",), 0) and _number(holder, ("height",), 0):
            return _number(holder, ("width",), 0), _number(holder, ("height",), 0)
    written = re.fullmatch(r"(\d{2,4})[x*](\d{2,4})", str(given.get("size") or given.get("resolution") or ""))
    if written:
        return float(written[1]), float(written[2])
    return _by_resolution(given, image)


def _by_resolution(given: Mapping[str, Any], image: tuple[int, int] | None) -> tuple[float, float] | None:
    """`resolution` is the short side ("480p"), the shape `aspect_ratio`'s, else the image's."""
    lines = re.fullmatch(r"(\d{3,4})p", str(given.get("resolution") or ""))
    shape = re.fullmatch(r"(\d{1,2}):(\d{1,2})", str(given.get("aspect_ratio") or ""))
    if not lines and not shape:
        return None
    short = float(lines[1]) if lines else 480.0
    wide, tall = (int(shape[1]), int(shape[2])) if shape else image or (16, 9)
    return (short * wide / tall, short) if wide >= tall else (short, short * tall / wide)


def _even(value: float) -> int:
    return max(2, int(value / 2 + 0.5) * 2)

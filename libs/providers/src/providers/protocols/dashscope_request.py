"""DashScope's request for a Wan model: three shapes of input, told apart by the model's name.

Source: help.aliyun.com (Model Studio, Wan 2.5 to 3.0) and dashscope 2.0.2.
- legacy (2.6 and older): `img_url`, `audio_url`, `reference_urls`; sizes as "W*H" where there is no image.
- first and last frame (`…-kf2v-…`): `first_frame_url` and `last_frame_url`, at a path of its own.
- media (2.7 and 3.0): `media[]` of typed files; `resolution` and `ratio` in place of a size.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

SYNTHESIS = "/services/aigc/video-generation/video-synthesis"
KEYFRAMES = "/services/aigc/image2video/video-synthesis"
MEDIA_SINCE = (2, 7)
INPUTS = ("prompt", "negative_prompt", "template")
PARAMETERS = ("duration", "shot_type", "prompt_extend", "watermark", "audio", "seed")
FRAMES = ("first_frame", "last_frame")
_VERSION = re.compile(r"wanx?(\d+)\.(\d+)-")
SIZES = {
    ("480P", "16:9"): "832*480",
    ("480P", "9:16"): "480*832",
    ("480P", "1:1"): "624*624",
    ("720P", "16:9"): "1280*720",
    ("720P", "9:16"): "720*1280",
    ("720P", "1:1"): "960*960",
    ("720P", "4:3"): "1088*832",
    ("720P", "3:4"): "832*1088",
    ("1080P", "16:9"): "1920*1080",
    ("1080P", "9:16"): "1080*1920",
    ("1080P", "1:1"): "1440*1440",
    ("1080P", "4:3"): "1632*1248",
    ("1080P", "3:4"): "1248*1632",
}
"""What a resolution and a ratio are in the legacy shape, where there is no image to take the ratio from."""


def path(model: str) -> str:
    """Where a model is submitted."""
    return KEYFRAMES if "kf2v" in model else SYNTHESIS


def input_of(model: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The request's `input`."""
    built = {name: given[name] for name in INPUTS if name in given}
    if _speaks_media(model):
        media = list(_media(model, given))
        audio = {"audio_url": given["audio_url"]} if "t2v" in model and _audible(given) else {}
        return {**built, **({"media": media} if media else {}), **audio}
    images = [*given.get("image_urls", ()), *(each["url"] for each in given.get("image_with_roles", ()))]
    if "kf2v" in model:
        frames = zip(("first_frame_url", "last_frame_url"), images, strict=False)
        return {**built, **dict(frames)}
    if "r2v" in model:
        built["reference_urls"] = [*given.get("video_urls", ()), *images]
    elif images:
        built["img_url"] = images[0]
    return {**built, "audio_url": given["audio_url"]} if _audible(given) else built


def parameters_of(model: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The request's `parameters`, without those of the route."""
    built = {name: given[name] for name in PARAMETERS if name in given}
    resolution = str(given["resolution"]).upper() if "resolution" in given else None
    ratio = given.get("aspect_ratio")
    if "size" in given:
        built["size"] = str(given["size"]).replace("x", "*")
    elif resolution and ratio and not _speaks_media(model):
        built["size"] = SIZES.get((resolution, ratio), f"{resolution} {ratio}")
    elif resolution:
        built["resolution"] = resolution
    if ratio and _speaks_media(model):
        built["ratio"] = ratio
    return built


def _speaks_media(model: str) -> bool:
    found = _VERSION.match(model)
    return found is not None and (int(found[1]), int(found[2])) >= MEDIA_SINCE


def _audible(given: Mapping[str, Any]) -> bool:
    """Whether there is a sound to go by; `audio: false` is a silent video whatever was given."""
    return "audio_url" in given and given.get("audio") is not False


def _media(model: str, given: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Images, videos, sounds; `image_urls` are frames for an i2v model, references for any other."""
    images = given.get("image_urls", ())
    references = ["reference_image"] * len(images)
    kinds = [*FRAMES, *references] if "i2v" in model else references
    yield from (_medium(kind, url) for kind, url in zip(kinds, images, strict=False))
    yield from (_medium(each["role"], each["url"]) for each in given.get("image_with_roles", ()))
    clip = {"i2v": "first_clip", "edit": "video"}
    video = next((kind for word, kind in clip.items() if word in model), "reference_video")
    yield from (_medium(video, url) for url in given.get("video_urls", ()))
    yield from (_medium("reference_audio", url) for url in given.get("audio_urls", ()))
    if "i2v" in model and _audible(given):
        yield _medium("driving_audio", given["audio_url"])


def _medium(kind: str, url: str) -> dict[str, str]:
    return {"type": kind, "url": url}

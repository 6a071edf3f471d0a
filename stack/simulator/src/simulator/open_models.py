"""Models of marketplaces (fal, Replicate): what each makes, and what its input may say.

A model that a provider's table doesn't know is taken at its name: `owner/flux-something` makes pictures, and
its input is checked only for what field names promise. Known models' inputs are checked field by field.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from simulator.inputs import Kind, MediaInput, decode_data_uri

Makes = Literal["video", "image", "speech", "music", "subtitles", "mesh"]
UNKNOWN_MODEL = "no-such-model-0"

_BY_NAME: tuple[tuple[str, Makes], ...] = (
    (r"whisper|wizper|transcri|speech-to-text|scribe|subtitle|caption", "subtitles"),
    (r"to-video|[ti]2v|flf2v|v2v|s2v", "video"),
    (r"to-image|t2i|i2i", "image"),
    (r"to-3d|3d|trellis|tripo|mesh|rodin", "mesh"),
    (r"music|stable-audio|ace-step|lyria|audiogen|sound-effect", "music"),
    (r"tts|to-speech|speech|kokoro|bark|chatterbox|voice|\bdia\b", "speech"),
    (
        r"video|wan|ltx|cogvideo|mochi|hunyuan|svd|animate|kling|seedance|veo|hailuo|framepack|sadtalker",
        "video",
    ),
    (r"lip-?sync|latentsync|portrait|avatar|echomimic|hallo|musetalk|rife|lumiere|magi|skyreels", "video"),
    (r"flux|sdxl|diffusion|image|imagen|recraft|ideogram|photo|upscal|esrgan|background|gfpgan", "image"),
)
_IMAGES = re.compile(r"image|photo|mask|frame|portrait|picture")
_ADDRESS = re.compile(r"_urls?$")
_FILE = re.compile(r"(^|_)(image|video|audio|file|mask)s?$")
_NOT_MEDIA = re.compile(
    r"size|format|num|scale|strength|width|height|rate|seconds|guidance|prompt|model|count"
)


@dataclass(frozen=True, slots=True)
class Field:
    """What one member of an input may be."""

    kind: Literal["string", "integer", "number", "boolean", "array", "object", "any"] = "any"
    choices: tuple[Any, ...] = ()
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class OpenModel:
    """What a model makes and accepts; without `fields` only what names promise is checked."""

    makes: Makes
    required: tuple[str, ...] = ()
    fields: Mapping[str, Field] = field(default_factory=dict)
    answer: str = ""
    """How its output is shaped, where that isn't the usual way of what it makes."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with an input."""

    kind: Literal["missing", "unknown", "type", "choice", "least", "most", "address"]
    field: str
    text: str
    bound: Any = None


TEXT, WHOLE, NUMBER, FLAG = Field("string"), Field("integer"), Field("number"), Field("boolean")
ADDRESS = Field("string")
COMMON: Mapping[str, Field] = {
    "prompt": TEXT, "negative_prompt": TEXT, "text": TEXT, "seed": WHOLE, "num_frames": WHOLE, "width": WHOLE,
    "height": WHOLE, "num_inference_steps": WHOLE, "guidance_scale": NUMBER, "num_images": WHOLE,
    "num_outputs": WHOLE, "frames_per_second": NUMBER, "fps": NUMBER, "aspect_ratio": TEXT,
}  # fmt: skip
"""What field names promise, whatever the model."""


def model_of(name: str, table: Mapping[str, OpenModel]) -> OpenModel | None:
    """The model, known or plausible; None for what can't be one."""
    if UNKNOWN_MODEL in name or not re.fullmatch(r"[\w.-]+(/[\w.-]+)+", name):
        return None
    if name in table:
        return table[name]
    found = (makes for pattern, makes in _BY_NAME if re.search(pattern, name.lower()))
    return OpenModel(next(found, "video"))


def faults(model: OpenModel, given: Mapping[str, Any]) -> list[Fault]:
    """Everything that is wrong with an input, in its order; nulls count as absent."""
    found = [
        Fault("missing", name, f"{name} is required") for name in model.required if given.get(name) is None
    ]
    for name, value in given.items():
        if value is None:
            continue
        if model.fields and name not in model.fields:
            found.append(Fault("unknown", name, f"Additional property {name} is not allowed"))
            continue
        found += _field_faults(name, value, model.fields.get(name) or COMMON.get(name) or Field())
    return found + [each for name, value in given.items() for each in _address_faults(name, value)]


def media(given: Mapping[str, Any]) -> list[MediaInput]:
    """The files that an input names, in its order."""
    found = []
    for name, value in given.items():
        kind = media_kind(name)
        values = value if isinstance(value, list) else [value]
        if kind is not None:
            found += [_item(kind, each) for each in values if isinstance(each, str) and each]
    return found


def media_kind(name: str) -> Kind | None:
    """What the file is that a member of this name holds; None where it holds none."""
    named = _ADDRESS.search(name) or _FILE.search(name)
    if named is None or _NOT_MEDIA.search(name):
        return None
    if _IMAGES.search(name):
        return "image"
    return "audio" if re.search(r"audio|voice|speech|song|sound", name) else "video"


def _item(kind: Kind, value: str) -> MediaInput:
    return (
        MediaInput(kind, data=decode_data_uri(value, kind))
        if value.startswith("data:")
        else MediaInput(kind, value)
    )


def _address_faults(name: str, value: Any) -> list[Fault]:
    kind = media_kind(name)
    if kind is None or value is None or (isinstance(value, bool) and not _ADDRESS.search(name)):
        return []
    found = []
    for each in value if isinstance(value, list) else [value]:
        if not isinstance(each, str) or not each.startswith(("http://", "https://", "data:")):
            found.append(Fault("address", name, f"{name} must be a URL or a data URI"))
            continue
        try:
            _item(kind, each)
        except ValueError as error:
            found.append(Fault("address", name, f"{name}: {error}"))
    return found


_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "array": (list,),
    "object": (dict,),
}  # fmt: skip


def _field_faults(name: str, value: Any, wanted: Field) -> list[Fault]:
    types = _TYPES.get(wanted.kind, (object,))
    flag = isinstance(value, bool) and wanted.kind in ("integer", "number")
    right: bool = isinstance(value, types) and not flag
    if not right:
        return [Fault("type", name, f"{name} must be of type {wanted.kind}", wanted.kind)]
    if wanted.choices and value not in wanted.choices:
        named = ", ".join(repr(each) for each in wanted.choices)
        return [Fault("choice", name, f"{name} must be one of {named}", wanted.choices)]
    return _bound_faults(name, value, wanted)


def _bound_faults(name: str, value: Any, wanted: Field) -> list[Fault]:
    if wanted.least is not None and value < wanted.least:
        return [Fault("least", name, f"{name} must be greater than or equal to {wanted.least}", wanted.least)]
    if wanted.most is not None and value > wanted.most:
        return [Fault("most", name, f"{name} must be less than or equal to {wanted.most}", wanted.most)]
    return []

"""The smallest input of any model, made from its schema, with media drawn and recorded here."""

import base64
import io
import wave
from functools import cache
from typing import Any

import av
from PIL import Image

SMALL = {"frames": 17, "steps": 4, "duration_seconds": 5, "seconds": 1}
"""Values that keep a task short, where a model has the field and allows them."""
_VIDEO_FRAMES, _VIDEO_RATE, _SOUND_RATE = 24, 24, 16_000


def smallest_input(schema: dict[str, Any]) -> dict[str, Any]:
    """What the schema requires and, if that is nothing, its first field; numbers as small as may be."""
    properties = schema["properties"]
    names = schema.get("required") or list(properties)[:1]
    given = {name: _value(name, properties[name]) for name in names}
    small = {
        name: max(least, properties[name].get("minimum", 0))
        for name, least in SMALL.items()
        if name in properties
    }
    return {**small, **given}


def _value(name: str, schema: dict[str, Any]) -> Any:
    medium = next(
        (kind for kind in ("image", "video", "audio") if name.startswith(kind) or f"_{kind}_" in name), None
    )
    if medium is not None and name.endswith(("_url", "_urls")):
        uri = _uri(medium)
        return [uri] if schema["type"] == "array" else uri
    return schema.get("default", "A lighthouse at dusk, its beam sweeping over calm water")


@cache
def _uri(medium: str) -> str:
    made = {"image": ("image/jpeg", _image), "video": ("video/mp4", _video), "audio": ("audio/wav", _sound)}
    content_type, make = made[medium]
    return f"data:{content_type};base64,{base64.b64encode(make()).decode()}"


def _image() -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((320, 320)).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def _video() -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as output:
        stream: Any = output.add_stream("libx264", rate=_VIDEO_RATE)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        frames: Any = av.VideoFrame
        for number in range(_VIDEO_FRAMES):
            picture = Image.new("RGB", (320, 180), (10 * number, 60, 120))
            output.mux(stream.encode(frames.from_image(picture)))
        output.mux(stream.encode(None))
    return out.getvalue()


def _sound() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_SOUND_RATE)
        file.writeframes(bytes(2 * _SOUND_RATE))
    return out.getvalue()

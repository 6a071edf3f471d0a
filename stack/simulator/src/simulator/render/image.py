"""Pictures: one frame of a scene, in the asked format."""

from simulator.render.frames import Scene
from simulator.render.spec import ImageSpec

_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
_OPTIONS: dict[str, dict[str, int]] = {
    "PNG": {"compress_level": 1},
    "JPEG": {"quality": 88},
    "WEBP": {"quality": 80, "method": 0},
}


def write_image(spec: ImageSpec, path: str, suffix: str, font_path: str | None) -> None:
    """Write a PNG, JPEG or WebP."""
    kind = _FORMATS[suffix]
    picture = Scene(spec, font_path).picture(spec.frame, watermark=spec.watermark)
    picture.save(path, format=kind, **_OPTIONS[kind])

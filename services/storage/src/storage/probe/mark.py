"""The watermark: how it looks, and how it is laid on a still image. Runs in a probe worker only."""

from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageDraw, ImageFont, ImageOps

from storage.domain.media import Container
from storage.probe.inspect import open_image

_MARK: Final = "Framebus"
_WRITTEN_AS: Final = {"PNG": "PNG", "JPEG": "JPEG", "WEBP": "WEBP", "GIF": "GIF", "AVIF": "PNG"}


def draw_mark(height: int) -> Image.Image:
    """Draw the mark for a picture of this height: white on a shade, a twentieth of it high."""
    font = ImageFont.load_default(size=max(10, height // 24))
    left, top, right, bottom = font.getbbox(_MARK)
    margin = max(2, height // 100)
    size = (int(right - left) + 2 * margin, int(bottom - top) + 2 * margin)
    picture = Image.new("RGBA", size, (0, 0, 0, 96))
    ImageDraw.Draw(picture).text((margin - left, margin - top), _MARK, font=font, fill=(255, 255, 255, 200))
    return picture


def mark_image(source: Path, target: Path, container: Container, max_pixels: int) -> None:
    """Write an image with the mark in the lower right corner, every frame of a moving one."""
    with open_image(source, container, max_pixels) as (image, frames):
        written_as = _WRITTEN_AS[str(image.format)]
        marked, durations = [], []
        for number in range(frames):
            image.seek(number)
            marked.append(_with_mark(image, written_as))
            durations.append(image.info.get("duration", 0))
        loop = image.info.get("loop", 0)
    options: dict[str, Any] = {"quality": 92} if written_as in {"JPEG", "WEBP"} else {}
    if frames > 1 and written_as != "PNG":
        options |= {"save_all": True, "append_images": marked[1:], "duration": durations, "loop": loop}
    marked[0].save(target, format=written_as, **options)


def _with_mark(image: Image.Image, written_as: str) -> Image.Image:
    picture = ImageOps.exif_transpose(image).convert("RGBA")
    mark = draw_mark(picture.height)
    x, y = (picture.width - mark.width - mark.height // 2, picture.height - mark.height * 3 // 2)
    picture.alpha_composite(mark, (max(0, x), max(0, y)))
    return picture.convert("RGB") if written_as == "JPEG" else picture

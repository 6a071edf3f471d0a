"""Draws one canvas a little larger than the frame; frames are windows that wander over it.

So text and shapes are drawn and converted to YUV once per video, not once per frame.
"""

import hashlib
import io
import math
from functools import cached_property

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, ImageOps
from simulator.render.spec import PictureSpec

LOOP_FRAMES = 31
"""Frames until the window is back where it started. Prime, so that no two whole seconds look the same."""

Planes = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


class Scene:
    """One look's pictures."""

    def __init__(self, spec: PictureSpec, font_path: str | None) -> None:
        self.spec, self._font_path = spec, font_path
        self.margin_x = _even(spec.width // 16)
        self.margin_y = _even(spec.height // 16)
        self._digest = hashlib.sha256(spec.look.encode()).digest()
        self._canvas = self._draw()

    def frame(self, index: int) -> NDArray[np.uint8]:
        """Frame `index` as one I420 array of shape (height * 3 / 2, width)."""
        x, y = self._offset(index)
        w, h = self.spec.width, self.spec.height
        luma, u, v = self._planes
        parts = (
            luma[y : y + h, x : x + w],
            u[y // 2 : (y + h) // 2, x // 2 : (x + w) // 2],
            v[y // 2 : (y + h) // 2, x // 2 : (x + w) // 2],
        )
        return np.concatenate([part.reshape(-1) for part in parts]).reshape(h * 3 // 2, w)

    def picture(self, index: int, *, watermark: bool = False) -> Image.Image:
        """Frame `index` in RGB."""
        x, y = self._offset(index)
        canvas = self._watermarked() if watermark else self._canvas
        return canvas.crop((x, y, x + self.spec.width, y + self.spec.height))

    def _offset(self, index: int) -> tuple[int, int]:
        """The window's corner: a Lissajous curve, even numbers only (chroma has half the size)."""
        turn = 2 * math.pi * (index % LOOP_FRAMES) / LOOP_FRAMES
        phase = self._digest[0] / 255 * math.pi
        reach = 0.25 if self.spec.still_camera else 1.0
        x = self.margin_x * (1 + reach * math.sin(turn + phase))
        y = self.margin_y * (1 + reach * math.sin(2 * turn + phase))
        return _even(int(x)), _even(int(y))

    @cached_property
    def _planes(self) -> Planes:
        canvas = self._watermarked() if self.spec.watermark else self._canvas
        w, h = canvas.size
        frame = av.VideoFrame.from_ndarray(np.asarray(canvas), format="rgb24")
        flat = np.asarray(frame.reformat(format="yuv420p").to_ndarray(), dtype=np.uint8).reshape(-1)
        quarter = w * h // 4
        luma, u, v = flat[: w * h], flat[w * h : w * h + quarter], flat[w * h + quarter :]
        return luma.reshape(h, w), u.reshape(h // 2, w // 2), v.reshape(h // 2, w // 2)

    def _draw(self) -> Image.Image:
        size = (self.spec.width + 2 * self.margin_x, self.spec.height + 2 * self.margin_y)
        canvas = self._photo(size)
        if canvas is not None:
            self._write(canvas, self.spec.caption, height_share=24, lines=2, anchor_bottom=True)
            return canvas
        canvas = self._backdrop(size)
        self._write(canvas, self.spec.caption, height_share=14, lines=5, anchor_bottom=False)
        return canvas

    def _photo(self, size: tuple[int, int]) -> Image.Image | None:
        """The input image, cropped to fill the canvas; None if there is none that can be read."""
        if self.spec.image is None:
            return None
        try:
            with Image.open(io.BytesIO(self.spec.image)) as image:
                return ImageOps.fit(image.convert("RGB"), size, Image.Resampling.BILINEAR)
        except (OSError, ValueError, Image.DecompressionBombError):
            return None

    def _backdrop(self, size: tuple[int, int]) -> Image.Image:
        """Two colours running into each other and some discs, all chosen by the look."""
        d = self._digest
        corners = bytes(b // 2 + 40 for b in d[1:13])
        canvas = Image.frombytes("RGB", (2, 2), corners).resize(size, Image.Resampling.BILINEAR)
        draw = ImageDraw.Draw(canvas)
        for i in range(4):
            x, y = size[0] * d[13 + i] // 255, size[1] * d[17 + i] // 255
            radius = min(size) * (20 + d[21 + i] // 2) // 600
            fill = (d[25 + i] // 2 + 80, d[21 + i] // 2 + 60, d[17 + i] // 2 + 60)
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)
        return canvas

    def _watermarked(self) -> Image.Image:
        canvas = self._canvas.copy()
        font = self._font(self.spec.height // 30)
        corner = (self.spec.width - self.margin_x // 4, self.spec.height - self.margin_y // 4)
        ImageDraw.Draw(canvas).text(
            corner, "AI generated", font=font, fill="white", anchor="rs", stroke_width=1, stroke_fill="black"
        )
        return canvas

    def _write(
        self, canvas: Image.Image, text: str, *, height_share: int, lines: int, anchor_bottom: bool
    ) -> None:
        """The caption, inside what every frame's window shows."""
        pixels = max(10, self.spec.height // height_share)
        font = self._font(pixels)
        left, right = 2 * self.margin_x, self.spec.width
        wrapped = _wrap(text, font, right - left, lines)
        bottom = self.spec.height - pixels // 2
        top = bottom - len(wrapped) * pixels * 5 // 4 if anchor_bottom else 2 * self.margin_y + pixels // 2
        draw = ImageDraw.Draw(canvas)
        for number, line in enumerate(wrapped):
            place = (left, top + number * pixels * 5 // 4)
            draw.text(
                place, line, font=font, fill="white", stroke_width=max(1, pixels // 20), stroke_fill="black"
            )

    def _font(self, pixels: int) -> Font:
        size = max(8, pixels)
        if self._font_path:
            try:
                return ImageFont.truetype(self._font_path, size)
            except OSError:
                pass
        return ImageFont.load_default(size)


def _even(number: int) -> int:
    return number // 2 * 2


def _wrap(text: str, font: Font, width: int, lines: int) -> list[str]:
    """Break by measured width, at a space where there is one (Chinese has none)."""
    printable = "".join(c if c.isprintable() else " " for c in text).strip()
    wrapped: list[str] = []
    while printable and len(wrapped) < lines:
        fit = max(
            1,
            min(len(printable), int(width / max(1.0, font.getlength(printable[:40]) / len(printable[:40])))),
        )
        while fit > 1 and font.getlength(printable[:fit]) > width:
            fit -= 1
        space = printable.rfind(" ", 0, fit + 1)
        if fit < len(printable) and space > fit // 2:
            fit = space
        wrapped.append(printable[:fit])
        printable = printable[fit:].lstrip()
    return wrapped

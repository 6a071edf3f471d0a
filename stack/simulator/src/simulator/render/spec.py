"""What a video should look like; plain data, so that it can be sent to a child process."""

from dataclasses import dataclass

FRAME_RATE = 24


@dataclass(frozen=True, slots=True)
class RenderSpec:
    """Size in pixels (even numbers), length in frames at 24 a second."""

    width: int
    height: int
    frames: int
    caption: str
    look: str
    """Anything; decides colours, shapes and pitch. Equal looks give equal videos."""
    image: bytes | None = None
    audio: bool = False
    watermark: bool = False
    still_camera: bool = False
    font_path: str | None = None

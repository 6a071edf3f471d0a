"""What a result should look and sound like; plain data, so that it can be sent to a child process."""

from dataclasses import dataclass
from typing import Literal

FRAME_RATE = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSpec:
    """What pictures and videos have in common. Sizes are pixels."""

    width: int
    height: int
    caption: str
    look: str
    """Anything; decides colours, shapes and pitch. Equal looks give equal results."""
    image: bytes | None = None
    watermark: bool = False
    still_camera: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoSpec(PictureSpec):
    """A video of `frames` at 24 a second; width and height are even. As `.gif` it has no sound."""

    frames: int
    audio: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSpec(PictureSpec):
    """A picture: what the video of the same look shows in frame `frame`."""

    frame: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioSpec:
    """Sound, mono: syllables like somebody speaking `text`, or a few chords."""

    seconds: float
    look: str
    text: str = ""
    style: Literal["speech", "music"] = "speech"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubtitleSpec:
    """Lines as if somebody had been heard for so many seconds."""

    seconds: float
    look: str
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshSpec:
    """A turned vessel whose profile and colour come from the look."""

    look: str


Spec = VideoSpec | ImageSpec | AudioSpec | SubtitleSpec | MeshSpec


@dataclass(frozen=True, slots=True)
class Result:
    """One file of a job. The suffix decides the format: see `FORMATS`."""

    suffix: str
    spec: Spec


FORMATS: dict[type[Spec], tuple[str, ...]] = {
    VideoSpec: (".mp4", ".mov", ".gif"),
    ImageSpec: (".png", ".jpg", ".jpeg", ".webp"),
    AudioSpec: (".mp3", ".wav", ".opus", ".aac", ".flac", ".pcm"),
    SubtitleSpec: (".srt", ".vtt", ".json", ".txt"),
    MeshSpec: (".glb",),
}
"""The formats of each kind. `.json` is Whisper's verbose JSON, `.pcm` 16 bit at 24 kHz without a header."""

CACHED_LOOK = "cached"
_CACHED: tuple[Spec, ...] = (
    VideoSpec(width=320, height=180, frames=FRAME_RATE, caption=CACHED_LOOK, look=CACHED_LOOK, audio=True),
    ImageSpec(width=320, height=180, caption=CACHED_LOOK, look=CACHED_LOOK),
    AudioSpec(seconds=1, look=CACHED_LOOK, text=CACHED_LOOK),
    SubtitleSpec(seconds=6, look=CACHED_LOOK),
    MeshSpec(look=CACHED_LOOK),
)


def cached_spec(suffix: str) -> Spec:
    """The one small thing that stands for every result of this format. Raises KeyError for others."""
    for spec in _CACHED:
        if suffix in FORMATS[type(spec)]:
            return spec
    raise KeyError(suffix)


def speech_seconds(text: str, speed: float = 1.0) -> float:
    """Seconds that it takes to say it: some 15 characters a second, 5 in Chinese; at least 0.5."""
    wide = sum(ord(character) > 0x2E7F for character in text)
    return max(0.5, round(((len(text) - wide) / 15 + wide / 5) / speed, 2))

"""Makes a file from a spec, in a child process; the codecs are loaded by the kinds that need them."""

import io
from pathlib import Path

import av
from simulator.render.image import write_image
from simulator.render.mesh import glb
from simulator.render.sound import write_sound
from simulator.render.spec import AudioSpec, ImageSpec, MeshSpec, Spec, SubtitleSpec, VideoSpec
from simulator.render.subtitle import subtitle
from simulator.render.video import write_gif, write_video


def make(spec: Spec, path: str, font_path: str | None) -> None:
    """Write the file, its format by the path's suffix. It appears only when it is complete."""
    partial, suffix = f"{path}.part", Path(path).suffix
    match spec:
        case VideoSpec() if suffix == ".gif":
            write_gif(spec, partial, font_path)
        case VideoSpec():
            write_video(spec, partial, suffix.lstrip("."), font_path)
        case ImageSpec():
            write_image(spec, partial, suffix, font_path)
        case AudioSpec():
            write_sound(spec, partial, suffix)
        case SubtitleSpec():
            Path(partial).write_text(subtitle(spec, suffix), encoding="utf-8")
        case MeshSpec():
            Path(partial).write_bytes(glb(spec))
    Path(partial).replace(path)


def probe_seconds(data: bytes) -> float | None:
    """How long a video or sound lasts; None if it is neither."""
    try:
        with av.open(io.BytesIO(data), "r") as container:
            return container.duration / av.time_base if container.duration else None
    except (av.FFmpegError, ValueError):
        return None

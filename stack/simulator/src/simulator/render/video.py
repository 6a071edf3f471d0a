"""Encodes a scene: H.264 yuv420p with the index in front, AAC sound when asked.

One loop of the motion is encoded and its packets are repeated with later timestamps: it starts with a key
frame, so the stream is valid H.264, and a long video costs little more than a short one.
"""

from fractions import Fraction
from typing import Any

import av
import numpy as np
from PIL import Image
from simulator.render.frames import LOOP_FRAMES, Scene
from simulator.render.spec import FRAME_RATE, VideoSpec

SAMPLE_RATE = 48_000
_GIF_STEP = 3
_GIF_MILLISECONDS = (120, 130)  # 3/24 s on average
_AAC_FRAME = 1024
_PRESET = {"preset": "ultrafast", "crf": "30", "threads": "1", "g": str(LOOP_FRAMES), "bf": "0"}


def write_video(spec: VideoSpec, path: str, container_format: str, font_path: str | None) -> None:
    """Write a video in `mp4` or `mov`."""
    scene = Scene(spec, font_path)
    with av.open(path, "w", format=container_format, options={"movflags": "+faststart"}) as container:
        container.metadata["comment"] = spec.caption[:200]
        video = container.add_stream("libx264", rate=FRAME_RATE, options=_PRESET)
        video.width, video.height, video.pix_fmt = spec.width, spec.height, "yuv420p"
        packets = _repeated(_loop_packets(scene, spec.frames, video), spec.frames, video)
        if spec.audio:
            sound = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
            sound.bit_rate = 48_000
            packets = sorted(packets + _sound_packets(spec, sound), key=lambda p: float(p.dts * p.time_base))
        for packet in packets:
            container.mux(packet)


def write_gif(spec: VideoSpec, path: str, font_path: str | None) -> None:
    """Write a looping GIF: every third frame, since its clock counts hundredths of a second."""
    scene = Scene(spec, font_path)
    indexes = [index % LOOP_FRAMES for index in range(0, max(1, spec.frames), _GIF_STEP)]
    drawn = {index: scene.picture(index).quantize(64, Image.Quantize.FASTOCTREE) for index in set(indexes)}
    first, *others = [drawn[index] for index in indexes]
    lengths = [_GIF_MILLISECONDS[number % 2] for number in range(len(indexes))]
    first.save(path, format="GIF", save_all=True, append_images=others, duration=lengths, loop=0)


def _loop_packets(scene: Scene, frames: int, stream: Any) -> list[bytes]:
    packets: list[bytes] = []
    for index in range(min(LOOP_FRAMES, frames)):
        frame = av.VideoFrame.from_ndarray(scene.frame(index), format="yuv420p")
        frame.pts, frame.time_base = index, Fraction(1, FRAME_RATE)
        packets += [bytes(p) for p in stream.encode(frame)]
    return packets + [bytes(p) for p in stream.encode(None)]


def _repeated(loop: list[bytes], frames: int, stream: Any) -> list[Any]:
    packets = []
    for index in range(frames):
        packet = av.Packet(loop[index % len(loop)])
        packet.pts = packet.dts = index
        packet.duration, packet.time_base, packet.stream = 1, Fraction(1, FRAME_RATE), stream
        packet.is_keyframe = index % len(loop) == 0
        packets.append(packet)
    return packets


def _sound_packets(spec: VideoSpec, stream: Any) -> list[Any]:
    """A tone that breathes, in whole AAC frames and never longer than the picture."""
    blocks = max(1, spec.frames * SAMPLE_RATE // FRAME_RATE // _AAC_FRAME - 1)
    seconds = np.arange(blocks * _AAC_FRAME, dtype=np.float32) / SAMPLE_RATE
    pitch = 180 + sum(spec.look.encode()) % 260
    wave = 0.2 * np.sin(2 * np.pi * pitch * seconds) * (0.6 + 0.4 * np.sin(2 * np.pi * 0.7 * seconds))
    packets: list[Any] = []
    for block in range(blocks):
        samples = wave[block * _AAC_FRAME : (block + 1) * _AAC_FRAME].astype(np.float32)[np.newaxis, :]
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = SAMPLE_RATE, block * _AAC_FRAME
        frame.time_base = Fraction(1, SAMPLE_RATE)
        packets += stream.encode(frame)
    return packets + list(stream.encode(None))

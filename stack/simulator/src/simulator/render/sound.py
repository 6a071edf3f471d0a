"""Sound: syllables of a voice that says nothing, or chords; equal looks sound equal."""

import hashlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from simulator.render.spec import AudioSpec

SAMPLE_RATE = 24_000
_CODECS = {
    ".mp3": ("libmp3lame", "mp3", "s16p"),
    ".wav": ("pcm_s16le", "wav", "s16"),
    ".opus": ("libopus", "ogg", "s16"),
    ".aac": ("aac", "adts", "fltp"),
    ".flac": ("flac", "flac", "s16"),
}  # fmt: skip
_SYLLABLE_SECONDS = 0.2
_CHORDS = ((0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14))
_CHUNK = 1024

Wave = NDArray[np.float32]


def write_sound(spec: AudioSpec, path: str, suffix: str) -> None:
    """Write mono sound of the asked length; `.pcm` is bare 16-bit samples."""
    wave = _music(spec) if spec.style == "music" else _speech(spec)
    samples = (np.clip(wave, -1, 1) * 32_000).astype(np.int16)
    if suffix == ".pcm":
        Path(path).write_bytes(samples.tobytes())
        return
    codec, container_format, sample_format = _CODECS[suffix]
    with av.open(path, "w", format=container_format) as container:
        stream: Any = container.add_stream(codec, rate=SAMPLE_RATE, layout="mono")
        _encode(container, stream, samples, sample_format)


def _encode(container: Any, stream: Any, samples: NDArray[np.int16], sample_format: str) -> None:
    resampler = av.AudioResampler(format=sample_format, layout="mono", rate=SAMPLE_RATE)
    for start in range(0, len(samples), _CHUNK):
        frame = av.AudioFrame.from_ndarray(
            samples[np.newaxis, start : start + _CHUNK], format="s16", layout="mono"
        )
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, start, Fraction(1, SAMPLE_RATE)
        for converted in resampler.resample(frame):
            container.mux(stream.encode(converted))
    container.mux(stream.encode(None))


def _clock(spec: AudioSpec) -> Wave:
    samples = np.arange(max(1, round(spec.seconds * SAMPLE_RATE)))
    return np.asarray(samples / SAMPLE_RATE, dtype=np.float32)


def _speech(spec: AudioSpec) -> Wave:
    """Voiced syllables whose pitch falls and whose vowel changes, with a pause where a word ends."""
    digest = hashlib.sha256(f"{spec.look}|{spec.text}".encode()).digest()
    t = _clock(spec)
    syllable = (t / _SYLLABLE_SECONDS).astype(np.int64)
    inside = t / _SYLLABLE_SECONDS - syllable
    choice = np.frombuffer(digest, dtype=np.uint8)[syllable % len(digest)].astype(np.float32)
    pitch = 100 + digest[0] % 90 + choice / 8 - 15 * inside
    phase = np.cumsum(2 * np.pi * pitch / SAMPLE_RATE)
    bright = 0.2 + choice / 512
    voice = sum(np.sin(n * phase) * bright ** (n - 1) for n in range(1, 6))
    loudness = np.sin(np.pi * np.clip(inside * 1.1, 0, 1)) * (choice % 5 > 0)
    wave: Wave = np.asarray(0.35 * voice * loudness, dtype=np.float32)
    return wave


def _music(spec: AudioSpec) -> Wave:
    """A chord a second, plucked."""
    root = 196 * 2 ** (hashlib.sha256(spec.look.encode()).digest()[0] % 12 / 12)
    t = _clock(spec)
    bar = t.astype(np.int64) % len(_CHORDS)
    wave = np.zeros_like(t)
    for voice in range(3):
        steps = np.array([chord[voice] for chord in _CHORDS], dtype=np.float32)[bar]
        wave += np.sin(2 * np.pi * root * 2 ** (steps / 12) * t).astype(np.float32)
    return np.asarray(0.25 * wave * np.exp(-1.5 * (t % 1)), dtype=np.float32)

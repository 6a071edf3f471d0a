"""OpenAI's transcriptions."""

import io
import wave

from providers.job import Submission
from scenarios.openai_faults import INLINE
from scenarios.subject import Subject

_MODEL = "whisper-1"
_GIVEN = {"audio_url": "https://host.invalid/a.wav", "prompt": "a street"}


def second_of_silence() -> bytes:
    """A WAV file."""
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0" * 16_000)
    return out.getvalue()


SUBJECT = Subject(
    protocol="openai_transcriptions",
    serves="Whisper and GPT transcription models, at OpenAI and all who serve its API",
    provider="openai",
    base="/openai/v1",
    submission=Submission(_MODEL, _GIVEN, "corr-transcriptions"),
    invalid=Submission(_MODEL, {**_GIVEN, "response_format": "docx"}, "corr-invalid"),
    impossible=INLINE,
    file=("audio/wav", second_of_silence()),
)

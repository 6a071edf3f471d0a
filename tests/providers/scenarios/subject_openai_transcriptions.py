"""OpenAI's transcriptions."""

from goldens import wav
from providers.job import Submission
from scenarios.openai_faults import INLINE
from scenarios.subject import Subject

_MODEL = "whisper-1"
_GIVEN = {"audio_url": "https://host.invalid/a.wav", "prompt": "a street"}


SUBJECT = Subject(
    protocol="openai_transcriptions",
    serves="Whisper and GPT transcription models, at OpenAI and all who serve its API",
    provider="openai",
    base="/openai/v1",
    submission=Submission(_MODEL, _GIVEN, "corr-transcriptions"),
    invalid=Submission(_MODEL, {**_GIVEN, "response_format": "docx"}, "corr-invalid"),
    impossible=INLINE,
    file=("audio/wav", wav(1)),
)

"""OpenAI's speech."""

from providers.job import Submission
from scenarios.openai_faults import INLINE
from scenarios.subject import Subject

_MODEL = "gpt-4o-mini-tts"

SUBJECT = Subject(
    protocol="openai_speech",
    serves="speech, at OpenAI and all who serve its speech API",
    provider="openai",
    base="/openai/v1",
    submission=Submission(_MODEL, {"text": "Good morning.", "voice": "alloy"}, "corr-speech"),
    invalid=Submission(_MODEL, {"text": "Good morning.", "voice": "nobody"}, "corr-invalid"),
    impossible=INLINE,
    prompt_field="text",
)

"""OpenAI's chat completions."""

from providers.job import Submission
from scenarios.openai_faults import INLINE
from scenarios.subject import Subject

_MODEL = "gpt-4o-mini"

SUBJECT = Subject(
    protocol="openai_chat",
    serves="text, at OpenAI and all who serve its chat completions",
    provider="openai",
    base="/openai/v1",
    submission=Submission(_MODEL, {"prompt": "a street"}, "corr-chat"),
    invalid=Submission(_MODEL, {"prompt": "a street", "temperature": 9}, "corr-invalid"),
    impossible=INLINE,
)

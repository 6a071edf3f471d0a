"""OpenAI's images."""

from providers.job import Submission
from scenarios.openai_faults import INLINE
from scenarios.subject import Subject

_MODEL = "gpt-image-1.5"

SUBJECT = Subject(
    protocol="openai_images",
    serves="GPT image models, at OpenAI and all who serve its images API",
    provider="openai",
    base="/openai/v1",
    submission=Submission(_MODEL, {"prompt": "a street", "size": "1024x1024"}, "corr-images"),
    invalid=Submission(_MODEL, {"prompt": "a street", "size": "1x1"}, "corr-invalid"),
    impossible=INLINE,
)

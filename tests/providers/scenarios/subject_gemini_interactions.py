"""Google's Interactions API, Gemini Omni."""

from providers.job import Submission
from scenarios.subject import Subject

_GIVEN = {"prompt": "a street", "resolution": "720p", "duration": 8, "aspect_ratio": "16:9"}
_MODEL = "gemini-omni-1.1-flash"

SUBJECT = Subject(
    protocol="gemini_interactions",
    serves="Gemini Omni on the Gemini API (Interactions)",
    provider="gemini",
    base="/gemini/v1beta",
    submission=Submission(_MODEL, _GIVEN, "corr-interactions"),
    invalid=Submission(_MODEL, {**_GIVEN, "aspect_ratio": "1:1"}, "corr-invalid"),
    unknown_id="v1_unknown0000000000000000000000000000000000",
    impossible={
        "late_webhook": "no documented claim of a Gemini webhook's token binds its body: none is asked for",
    },
)

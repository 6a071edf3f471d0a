"""Google's Gemini API, Veo."""

from providers.job import Submission
from scenarios.subject import Subject

_GIVEN = {"prompt": "a street", "resolution": "720p", "duration": 8, "aspect_ratio": "16:9"}
_MODEL = "veo-3.1-generate-preview"

SUBJECT = Subject(
    protocol="gemini",
    serves="Google Veo on the Gemini API (`predictLongRunning`)",
    provider="gemini",
    base="/gemini/v1beta",
    submission=Submission(_MODEL, _GIVEN, "corr-gemini"),
    invalid=Submission(_MODEL, {**_GIVEN, "aspect_ratio": "1:1"}, "corr-invalid"),
    unknown_id=f"models/{_MODEL}/operations/unknown00000",
    impossible={
        "cancel": "the Gemini API has no cancel for an operation",
        "late_webhook": "no documented claim of a Gemini webhook's token binds its body: none is asked for",
    },
)

"""Runway."""

from providers.job import Submission
from scenarios.subject import Subject

_GIVEN = {"prompt": "a street", "aspect_ratio": "16:9", "duration": 4}

SUBJECT = Subject(
    protocol="runway",
    serves="Runway Gen-4 and Veo 3.1 on the Runway API",
    provider="runway",
    base="/runway/v1",
    submission=Submission("veo3.1_fast", _GIVEN, "corr-runway"),
    invalid=Submission("veo3.1_fast", {**_GIVEN, "duration": 99}, "corr-invalid"),
    unknown_id="00000000-0000-4000-8000-000000000000",
    impossible={"late_webhook": "Runway has no webhooks"},
    expired_link="fresh",
)

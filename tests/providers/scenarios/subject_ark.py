"""Volcengine Ark."""

from providers.job import Submission
from scenarios.subject import Subject

_GIVEN = {"prompt": "a street", "resolution": "480p", "duration": 4, "size": "16:9"}
_MODEL = "doubao-seedance-2-0-fast-260128"

SUBJECT = Subject(
    protocol="ark",
    serves="ByteDance Seedance 1.0-2.5 on Volcengine Ark",
    provider="ark",
    base="/ark/api/v3",
    submission=Submission(_MODEL, _GIVEN, "corr-ark"),
    invalid=Submission(_MODEL, {**_GIVEN, "duration": 99}, "corr-invalid"),
    unknown_id="cgt-20260101000000-abcde",
)

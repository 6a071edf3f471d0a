"""Luma Dream Machine."""

from providers.job import Submission
from scenarios.subject import Subject

_GIVEN = {"prompt": "a street", "aspect_ratio": "16:9", "duration": 5, "resolution": "540p"}
_CALLBACK = "http://127.0.0.1:9/hook"  # nobody listens: a submit without one can't be found again

SUBJECT = Subject(
    protocol="luma",
    serves="Luma Ray 2 and Photon on Dream Machine",
    provider="luma",
    base="/luma/dream-machine/v1",
    submission=Submission("ray-flash-2", _GIVEN, "corr-luma", _CALLBACK),
    invalid=Submission("ray-flash-2", {**_GIVEN, "duration": 99}, "corr-invalid"),
    unknown_id="00000000-0000-4000-8000-000000000000",
    impossible={"cancel": "Luma's DELETE removes the record; nothing says that it stops the work"},
)

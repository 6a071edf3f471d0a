"""Alibaba DashScope."""

from providers.job import Submission
from scenarios.subject import Subject

_GIVEN = {
    "prompt": "a street",
    "image_urls": ["https://host.invalid/i.png"],
    "resolution": "720p",
    "duration": 2,
}
_MODEL = "wan2.6-i2v-flash"

SUBJECT = Subject(
    protocol="dashscope",
    serves="Alibaba Wan 2.5-3.0 on DashScope (Model Studio)",
    provider="dashscope",
    base="/dashscope/api/v1",
    submission=Submission(_MODEL, _GIVEN, "corr-dashscope"),
    invalid=Submission(_MODEL, {**_GIVEN, "duration": 99}, "corr-invalid"),
    unknown_id="00000000-0000-4000-8000-000000000000",
    impossible={
        "late_webhook": "DashScope has no webhook per request: only EventBridge, which is not HTTP of ours"
    },
)

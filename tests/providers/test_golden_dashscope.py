"""Our requests to DashScope beside those that dashscope sends for the same job."""

from typing import Any

import pytest
from goldens import JOB, KEY, URL, as_golden, golden
from providers.adapter import adapter
from providers.job import Credential, Submission

BASE = f"{URL}/dashscope/api/v1"
DASHSCOPE, CREDENTIAL = adapter("dashscope"), Credential("c", KEY)
IMAGE = "https://host.invalid/first-frame.png"
ADDED = ("body.json.input.extend_prompt", "body.json.input.function")


@pytest.mark.parametrize(
    ("case", "model", "given"),
    [
        ("image_to_video", "wan2.6-i2v-flash", {"image_urls": [IMAGE], "duration": 2, "resolution": "720p"}),
        (
            "media_to_video",
            "wan2.7-i2v",
            {"image_urls": [IMAGE, f"{IMAGE}?2"], "duration": 2, "resolution": "720p"},
        ),
        (
            "keyframes_to_video",
            "wan2.2-kf2v-flash",
            {"image_urls": [IMAGE, f"{IMAGE}?2"], "resolution": "720p"},
        ),
        (
            "text_to_video",
            "wan2.6-t2v",
            {"resolution": "720p", "aspect_ratio": "16:9", "duration": 2, "seed": 7},
        ),
    ],
)
def test_a_job_is_submitted_as_the_sdk_submits_it(case: str, model: str, given: dict[str, Any]) -> None:
    submission = Submission(model, {"prompt": "a paper boat", **given}, "corr")
    sdk = golden("dashscope", case, "submit", without=ADDED)
    assert as_golden(DASHSCOPE.submit(BASE, CREDENTIAL, submission)) == sdk


def test_a_task_is_asked_for_and_cancelled_as_the_sdk_does() -> None:
    cancel = DASHSCOPE.cancel(BASE, CREDENTIAL, JOB)
    assert cancel is not None
    for request, step in ((DASHSCOPE.poll(BASE, CREDENTIAL, JOB), "poll"), (cancel, "cancel")):
        assert as_golden(request) == golden("dashscope", "image_to_video", step)

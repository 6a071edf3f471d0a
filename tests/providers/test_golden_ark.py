"""Our requests to Ark beside those that volcengine-ark-runtime sends for the same job."""

from goldens import JOB, KEY, URL, as_golden, golden
from providers.adapter import adapter
from providers.job import Credential, Submission

BASE = f"{URL}/ark/api/v3"
ARK, CREDENTIAL = adapter("ark"), Credential("c", KEY)
FAST = "doubao-seedance-2-0-fast-260128"
IMAGE = "https://host.invalid/i.png"


def test_a_job_is_submitted_as_the_sdk_submits_it() -> None:
    given = {
        "prompt": "a paper boat",
        "resolution": "480p",
        "duration": 4,
        "size": "16:9",
        "seed": 7,
        "watermark": False,
        "generate_audio": True,
    }
    submission = Submission(FAST, given, "corr-1", "https://callbacks.invalid/ark")
    assert as_golden(ARK.submit(BASE, CREDENTIAL, submission)) == golden("ark", "text_to_video", "submit")


def test_frames_are_submitted_as_the_sdk_submits_them() -> None:
    given = {"prompt": "a paper boat", "image_urls": [IMAGE, f"{IMAGE}?2"]}
    submission = Submission("doubao-seedance-1-5-pro-251215", given, "corr-1")
    assert as_golden(ARK.submit(BASE, CREDENTIAL, submission)) == golden("ark", "frames_to_video", "submit")


def test_tasks_are_asked_for_as_the_sdk_asks() -> None:
    assert as_golden(ARK.poll(BASE, CREDENTIAL, JOB)) == golden("ark", "text_to_video", "poll")
    many, found = ARK.poll_many(BASE, CREDENTIAL, [JOB, "cgt-2"]), ARK.lookup(BASE, CREDENTIAL, FAST, 0, 1)
    assert many is not None
    assert found is not None
    assert as_golden(many) == golden("ark", "text_to_video", "poll_many")
    assert as_golden(found) == golden("ark", "text_to_video", "lookup")


def test_a_task_is_cancelled_as_the_sdk_does_but_for_its_empty_object() -> None:
    request = ARK.cancel(BASE, CREDENTIAL, JOB)
    assert request is not None
    sdk = golden("ark", "text_to_video", "cancel", without=("body", "headers.content-type"))
    assert as_golden(request) == {**sdk, "body": None}

"""Our requests to Google's three services beside those that google-genai sends for the same job."""

from base64 import b64decode
from typing import Any

import pytest
from goldens import JOB, KEY, URL, as_golden, golden
from providers.adapter import adapter
from providers.job import Credential, Submission

GEMINI = f"{URL}/gemini/v1beta"
HOME = "projects/sim-project/locations/us-central1"
VERTEX = f"{URL}/vertex/v1beta1/{HOME}"
BY_KEY, BY_TOKEN = Credential("c", KEY), Credential("c", f"Bearer {KEY}")
VEO, VEO_VERTEX, OMNI = "veo-3.1-generate-preview", "veo-3.1-generate-001", "gemini-omni-1.1-flash"
IMAGE = "https://host.invalid/i.png"
PIXEL = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
GIVEN = {"prompt": "a paper boat", "duration": 8, "aspect_ratio": "16:9", "resolution": "720p"}
SEEDED = {"seed": 7, "negative_prompt": "blur"}
FRAMES = {"image_urls": [IMAGE, f"{IMAGE}?2"]}
CASES: list[tuple[str, str, str, Credential, str, str, dict[str, Any]]] = [
    ("gemini", "text_to_video", GEMINI, BY_KEY, "gemini", VEO, {}),
    ("gemini", "frames_to_video", GEMINI, BY_KEY, "gemini", VEO, {**FRAMES, "negative_prompt": "blur"}),
    (
        "vertex",
        "text_to_video",
        VERTEX,
        BY_TOKEN,
        "vertex",
        VEO_VERTEX,
        SEEDED,
    ),
    ("vertex", "frames_to_video", VERTEX, BY_TOKEN, "vertex", VEO_VERTEX, FRAMES),
    ("vertex", "api_key", f"{URL}/vertex/v1beta1", BY_KEY, "vertex", VEO_VERTEX, {}),
    ("interactions", "text_to_video", f"{URL}/gemini/v1", BY_KEY, "gemini_interactions", OMNI, {}),
    (
        "interactions",
        "image_to_video",
        f"{URL}/gemini/v1",
        BY_KEY,
        "gemini_interactions",
        OMNI,
        {"image_urls": [IMAGE]},
    ),
]


@pytest.mark.parametrize(("sdk", "case", "base", "credential", "protocol", "model", "given"), CASES)
def test_a_job_is_submitted_as_the_sdk_submits_it(
    sdk: str,
    case: str,
    base: str,
    credential: Credential,
    protocol: str,
    model: str,
    given: dict[str, Any],
) -> None:
    fetched = dict.fromkeys(given.get("image_urls", ()), ("image/png", PIXEL))
    submission = Submission(model, {**GIVEN, **given}, "corr", fetched=fetched)
    request = adapter(protocol).submit(base, credential, submission)
    assert as_golden(request) == golden(f"google_genai_{sdk}", case, "submit")


def test_an_operation_is_asked_for_and_its_file_fetched_as_the_sdk_does() -> None:
    spoken = adapter("gemini")
    poll = spoken.poll(GEMINI, BY_KEY, JOB)
    sdk = golden("google_genai_gemini", "text_to_video", "poll", without=("headers.content-type",))
    assert as_golden(poll) == sdk
    fetch = spoken.fetch(
        GEMINI, BY_KEY, "https://generativelanguage.googleapis.com/v1beta/files/abc:download"
    )
    sdk = golden("google_genai_gemini", "text_to_video", "fetch", without=("headers.content-type",))
    assert as_golden(fetch, FILE="abc") == sdk


def test_vertex_is_asked_for_an_operation_as_the_sdk_does() -> None:
    name = f"{HOME}/publishers/google/models/{VEO_VERTEX}/operations/{JOB}"
    request = adapter("vertex").poll(VERTEX, BY_TOKEN, name)
    assert as_golden(request) == golden("google_genai_vertex", "text_to_video", "poll")


def test_an_interaction_is_asked_for_and_cancelled_as_the_sdk_does() -> None:
    spoken, base = adapter("gemini_interactions"), f"{URL}/gemini/v1"
    sdk = golden("google_genai_interactions", "text_to_video", "poll", without=("headers.content-type",))
    assert {**as_golden(spoken.poll(base, BY_KEY, JOB)), "query": [["stream", "false"]]} == sdk
    cancel = spoken.cancel(base, BY_KEY, JOB)
    assert cancel is not None
    sdk = golden("google_genai_interactions", "text_to_video", "cancel", without=("headers.content-type",))
    assert as_golden(cancel) == sdk

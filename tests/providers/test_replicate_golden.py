import pytest
from goldens import JOB, KEY, URL, as_golden, golden
from providers.adapter import adapter
from providers.job import Credential, Submission

REPLICATE = adapter("replicate")
BASE, CREDENTIAL = f"{URL}/replicate/v1", Credential("c", KEY)
VERSION = "5c7d5dc6dd8bf75c1acaa8565735e7986bc5b66206b55cca93cb72c9bf15ccaa"
WANTED = {"prompt": "a paper boat", "frames": 81, "resolution": "480p", "seed": 7}
TEMPLATE = {"prompt": "{prompt}", "num_frames": "{frames}", "resolution": "{resolution}", "seed": "{seed}"}


@pytest.mark.parametrize(
    ("model", "case", "callback"),
    [
        ("wan-video/wan-2.2-t2v-fast", "by_model", "https://us.invalid/hook?token=t"),
        (f"someone/hers:{VERSION}", "by_version", None),
        ("deployments/us/fast-video", "by_deployment", None),
    ],
)
def test_replicate_is_asked_as_its_sdk_asks(model: str, case: str, callback: str | None) -> None:
    job = Submission(model, WANTED, "corr", callback, template=TEMPLATE)
    assert as_golden(REPLICATE.submit(BASE, CREDENTIAL, job)) == golden("replicate", case, "submit")


def test_a_prediction_is_followed_and_cancelled_as_the_sdk_does_it() -> None:
    assert as_golden(REPLICATE.poll(BASE, CREDENTIAL, JOB)) == golden("replicate", "by_model", "poll")
    cancel = REPLICATE.cancel(BASE, CREDENTIAL, JOB)
    assert cancel is not None
    assert as_golden(cancel) == golden("replicate", "by_model", "cancel")

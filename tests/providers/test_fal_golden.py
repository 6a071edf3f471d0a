from goldens import KEY, URL, as_golden, golden
from providers.adapter import adapter
from providers.job import Credential, Submission

FAL = adapter("fal")
BASE, CREDENTIAL = f"{URL}/fal", Credential("c", KEY)
MODEL = "fal-ai/wan/v2.2-a14b/text-to-video"
TEMPLATE = {
    "prompt": "{prompt}",
    "num_frames": "{frames}",
    "resolution": "{resolution}",
    "seed": "{seed}",
    "negative_prompt": "{negative_prompt}",
}


def test_fal_is_asked_as_its_sdk_asks() -> None:
    wanted = {"prompt": "a paper boat", "frames": 33, "resolution": "480p", "seed": 7}
    job = Submission(MODEL, wanted, "corr", "https://us.invalid/hook?token=t", template=TEMPLATE)
    assert as_golden(FAL.submit(BASE, CREDENTIAL, job)) == golden("fal", "text_to_video", "submit")
    job_id = FAL.job_of(MODEL, "JOB")
    poll, result = FAL.poll(BASE, CREDENTIAL, job_id), FAL.poll(BASE, CREDENTIAL, job_id, "result")
    assert as_golden(poll) == golden("fal", "text_to_video", "poll")
    assert as_golden(result) == golden("fal", "text_to_video", "result")
    cancel = FAL.cancel(BASE, CREDENTIAL, job_id)
    assert cancel is not None
    assert as_golden(cancel) == golden("fal", "text_to_video", "cancel")

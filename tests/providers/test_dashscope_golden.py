from goldens import JOB, KEY, URL, as_golden, golden
from providers.adapter import adapter
from providers.job import Credential, Submission

WAN = adapter("dashscope")
BASE, CREDENTIAL = f"{URL}/dashscope/api/v1", Credential("c", KEY)
SDK_EXTRAS = ("body.json.input.function", "body.json.input.extend_prompt")


def test_wan_is_asked_as_its_sdk_asks() -> None:
    wanted = {
        "prompt": "a paper boat",
        "image_urls": ["https://host.invalid/first-frame.png"],
        "duration": 2,
        "resolution": "720p",
    }
    sent = WAN.submit(BASE, CREDENTIAL, Submission("wan2.6-i2v-flash", wanted, "corr"))
    assert as_golden(sent) == golden("dashscope", "image_to_video", "submit", without=SDK_EXTRAS)
    poll, cancel = WAN.poll(BASE, CREDENTIAL, JOB), WAN.cancel(BASE, CREDENTIAL, JOB)
    assert as_golden(poll) == golden("dashscope", "image_to_video", "poll")
    assert cancel is not None
    assert as_golden(cancel) == golden("dashscope", "image_to_video", "cancel")

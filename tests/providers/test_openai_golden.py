"""Our requests beside those of the official SDK for the same job."""

from typing import Any

from goldens import JOB, KEY, URL, as_golden, golden, png, wav
from providers.adapter import adapter
from providers.http import HttpRequest
from providers.job import Credential, Submission

BASE, CREDENTIAL = f"{URL}/openai/v1", Credential("c", KEY)
SORA = {"prompt": "a paper boat", "duration": 4, "aspect_ratio": "16:9", "resolution": "720p"}


def sent(protocol: str, model: str, given: dict[str, Any], **files: tuple[str, bytes]) -> dict[str, Any]:
    """Our submit in the goldens' form. The key that gateways honour and the SDK doesn't send is left out."""
    fetched = {url: files[url.rpartition("/")[2]] for url in urls(given)}
    submission = Submission(model, given, "corr", fetched=fetched)
    spoken = adapter(protocol)
    assert set(spoken.inputs_to_fetch(submission)) == set(fetched)
    return without_key(spoken.submit(BASE, CREDENTIAL, submission))


def without_key(request: HttpRequest) -> dict[str, Any]:
    found = as_golden(request)
    assert found["headers"].pop("idempotency-key") == "corr"
    return found


def urls(given: dict[str, Any]) -> list[str]:
    return [*given.get("image_urls", []), *([given["audio_url"]] if "audio_url" in given else [])]


def test_a_video_is_asked_for_as_the_sdk_asks() -> None:
    videos = adapter("openai_videos")
    assert sent("openai_videos", "sora-2", SORA) == golden("openai", "text_to_video", "submit")
    assert as_golden(videos.poll(BASE, CREDENTIAL, JOB)) == golden("openai", "text_to_video", "poll")
    content = videos.fetch(BASE, CREDENTIAL, f"videos/{JOB}/content")
    assert as_golden(content) == golden("openai", "text_to_video", "content")
    remix = Submission("sora-2", {"prompt": "by night", "remix_video_id": JOB}, "corr")
    asked = without_key(videos.submit(BASE, CREDENTIAL, remix))
    assert asked == golden("openai", "text_to_video", "remix")


def test_a_reference_picture_travels_as_the_sdk_sends_it() -> None:
    given = {**SORA, "image_urls": ["https://i/first"]}
    found = sent("openai_videos", "sora-2", given, first=("image/png", png(1280, 720)))
    assert found == golden("openai", "image_to_video", "submit")


def test_pictures_are_asked_for_as_the_sdk_asks() -> None:
    model, picture = "gpt-image-1.5", ("image/png", png(64, 64))
    drawn = {"prompt": "a paper boat", "num_images": 2, "width": 1024, "height": 1024, "quality": "low"}
    assert sent("openai_images", model, drawn) == golden("openai", "image", "generate")
    edited = {"prompt": "by night", "size": "1024x1024", "image_urls": ["https://i/one"]}
    assert sent("openai_images", model, edited, one=picture) == golden("openai", "image", "edit")
    both = {"prompt": "by night", "image_urls": ["https://i/one", "https://i/two"]}
    assert sent("openai_images", model, both, one=picture, two=picture) == golden(
        "openai", "image", "edit_two"
    )


def test_speech_is_asked_for_as_the_sdk_asks() -> None:
    given = {"text": "A paper boat.", "voice": "coral", "output_format": "wav", "speed": 1.5}
    assert sent("openai_speech", "gpt-4o-mini-tts", given) == golden("openai", "speech", "submit")


def test_a_transcription_is_asked_for_as_the_sdk_asks() -> None:
    given = {
        "audio_url": "https://a/sound", "response_format": "verbose_json", "language": "en",
        "timestamp_granularities": ["word"],
    }  # fmt: skip
    found = sent("openai_transcriptions", "whisper-1", given, sound=("audio/wav", wav(1)))
    assert found == golden("openai", "transcription", "submit")


def test_a_chat_is_asked_as_the_sdk_asks() -> None:
    given = {
        "system_prompt": "Be brief.", "prompt": "Describe it.", "temperature": 0.5,
        "image_url": "https://host.invalid/boat.png",
    }  # fmt: skip
    assert sent("openai_chat", "gpt-4o-mini", given) == golden("openai", "chat", "submit")

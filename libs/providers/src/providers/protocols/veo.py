"""What Veo takes and gives, as the Gemini API and Vertex AI have in common: instances, parameters, results.

Source: google-genai 2.34.0 and 3.4.0, ai.google.dev/gemini-api/docs/video.
Images travel as bytes: the caller fetches them first.
"""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any

from providers import reading
from providers.errors import ProviderError
from providers.job import Submission
from providers.outcomes import Failed, Moderated, Output, PollOutcome, Succeeded, Usage

FRAMES = ("image", "lastFrame")
"""Where the first and the second of `image_urls` go."""
MOST_REFERENCES = 3
PARAMETERS = {
    "aspect_ratio": "aspectRatio",
    "resolution": "resolution",
    "duration": "durationSeconds",
    "negative_prompt": "negativePrompt",
}


def images(submission: Submission) -> tuple[str, ...]:
    """The URLs of the frames, or of the references with `generation_type: reference`."""
    most = MOST_REFERENCES if _by_reference(submission) else len(FRAMES)
    return tuple(submission.input.get("image_urls", ())[:most])


def fetched(submission: Submission, url: str) -> tuple[str, str]:
    """Content type and base64 of an image. Raises ProviderError (`input_not_fetched`)."""
    if url not in submission.fetched:
        raise ProviderError("input_not_fetched", "an image was not fetched before the submit")
    content_type, content = submission.fetched[url]
    return content_type, b64encode(content).decode()


def instance(submission: Submission) -> dict[str, Any]:
    """The one instance: prompt, frames or reference images."""
    given = [_image(submission, url) for url in images(submission)]
    if _by_reference(submission) and given:
        media: dict[str, Any] = {
            "referenceImages": [{"image": each, "referenceType": "ASSET"} for each in given]
        }
    else:
        media = dict(zip(FRAMES, given, strict=False))
    return {"prompt": submission.input["prompt"], **media}


def parameters(given: Mapping[str, Any]) -> dict[str, Any]:
    """Our fields under Google's names. `generation_type` and `enable_gif` are not the provider's business."""
    return {theirs: given[ours] for ours, theirs in PARAMETERS.items() if ours in given}


def result(response: object, outputs: Iterable[Output | None]) -> PollOutcome:
    """What a finished operation's response says; filtered content is no error but has `rai` fields."""
    found = tuple(output for output in outputs if output is not None)
    if found:
        return Succeeded(found, Usage())
    reasons = reading.member(response, "raiMediaFilteredReasons")
    if reasons or reading.member(response, "raiMediaFilteredCount"):
        said = " ".join(filter(None, map(reading.text, reasons))) if isinstance(reasons, list) else ""
        return Moderated(reading.message(said, "the content policy filtered the video"))
    return Failed("no_output", "the operation is done without a video")


def inline(data: object, content_type: object) -> Output | None:
    """A video that the answer carries itself."""
    content = reading.base64_bytes(data)
    kind = reading.text(content_type) or "video/mp4"
    return Output("video", None, "", kind, content=content) if content else None


def _by_reference(submission: Submission) -> bool:
    return submission.input.get("generation_type") == "reference"


def _image(submission: Submission, url: str) -> dict[str, str]:
    content_type, content = fetched(submission, url)
    return {"bytesBase64Encoded": content, "mimeType": content_type}

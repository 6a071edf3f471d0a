"""OpenAI's Images API: generations as JSON, edits as a form; the pictures come as base64 or as links.

Source: openai 3.52 (`resources/images.py`, `types/image_generate_params.py`, `types/images_response.py`).
GPT image models always answer with base64; models and gateways with `response_format: url` give links that
hold for an hour.
"""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from providers import media, reading
from providers.basics import bearer_on_own_origin
from providers.http import HttpRequest, HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import Failed, Output, SubmitOutcome, Succeeded, Unknown, Usage
from providers.protocols import openai_errors
from providers.protocols import openai_request as ask
from providers.protocols.synchronous import AT_ONCE, Synchronous

IMAGES: Final = ("image_urls", "image_url", "input_image")
MASK: Final = "mask_url"
OWN_NAMES: Final = (
    "n", "size", "quality", "background", "output_format", "output_compression", "moderation", "style",
    "response_format", "input_fidelity",
)  # fmt: skip
"""Inputs that go by OpenAI's own names."""


class OpenAIImages(Synchronous):
    """`POST /images/generations`, or `/images/edits` where there are input images."""

    name = "openai_images"
    capabilities = replace(AT_ONCE, answer_bytes=128 * 1024 * 1024)  # ten pictures in base64

    def inputs_to_fetch(self, submission: Submission) -> tuple[str, ...]:
        """The images to edit and the mask: they travel as files."""
        return ask.listed(submission.input, *IMAGES, MASK)

    def submit(self, base_url: str, credential: Credential, submission: Submission) -> HttpRequest:
        """POST the prompt; with images, a form with one `image` or several `image[]`."""
        images = ask.listed(submission.input, *IMAGES)
        body = ask.fields(submission, _mapped(submission.input))
        if not images:
            url = ask.at(base_url, "images/generations")
            return ask.post_json(url, credential, submission.correlation, body)
        name = "image" if len(images) == 1 else "image[]"
        files = [ask.file(name, each, submission) for each in images]
        files += [ask.file("mask", each, submission) for each in ask.listed(submission.input, MASK)]
        url = ask.at(base_url, "images/edits")
        return ask.post_form(url, credential, submission.correlation, ask.form(body) + files)

    def parse_submit(self, response: HttpResponse) -> SubmitOutcome:
        """The pictures, in order; a whole answer without any is a failure."""
        if response.status >= 300:
            return openai_errors.refusal(response)
        body = reading.json_object(response.body)
        data = reading.member(body, "data")
        if body is None or not isinstance(data, list):
            fault = reading.member(body, "error")
            return openai_errors.job_fault(fault) if fault else Unknown(reading.describe(response))
        outputs = tuple(found for each in data if (found := _output(each)) is not None)
        return Succeeded(outputs, _usage(body)) if outputs else Failed("no_output", "no picture came back")

    def fetch(self, base_url: str, credential: Credential, output_url: str) -> HttpRequest:
        """GET a link; the key goes along only at the provider's own origin."""
        return bearer_on_own_origin(base_url, credential, output_url)


def _mapped(given: Mapping[str, Any]) -> dict[str, Any]:
    body = {"prompt": given.get("prompt"), "n": given.get("num_images"), **ask.taken(given, OWN_NAMES)}
    if "size" not in body and given.get("width") and given.get("height"):
        body["size"] = f"{given['width']}x{given['height']}"
    return {name: value for name, value in body.items() if value is not None}


def _output(item: object) -> Output | None:
    encoded = reading.text(reading.member(item, "b64_json"))
    if encoded is not None:
        content = _decoded(encoded)
        return Output("image", None, "", media.sniffed(content), content=content) if content else None
    url = reading.web_url(reading.member(item, "url"))
    return Output("image", None, url) if url else None


def _decoded(encoded: str) -> bytes:
    """The bytes; some gateways put a data URI's head before them."""
    try:
        return b64decode(encoded.rpartition(",")[2], validate=True)
    except (binascii.Error, ValueError):
        return b""


def _usage(body: Mapping[str, Any]) -> Usage:
    width, _, height = (reading.text(body.get("size")) or "").partition("x")
    return Usage(
        tokens=reading.whole(reading.member(body, "usage", "total_tokens")),
        width=reading.whole(width),
        height=reading.whole(height),
    )

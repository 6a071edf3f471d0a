"""OpenAI's chat completions, unstreamed: a prompt in, text out.

Source: openai 3.52 (`types/chat/chat_completion.py`). Traps: a refusal is a 200 with `message.refusal`, and
filtered content a 200 with `finish_reason: content_filter`; gateways answer errors with 200 too.
"""

from collections.abc import Mapping
from typing import Any, Final

from providers import reading
from providers.http import HttpRequest, HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import Failed, Moderated, Output, SubmitOutcome, Succeeded, Unknown, Usage
from providers.protocols import openai_errors
from providers.protocols import openai_request as ask
from providers.protocols.synchronous import Synchronous

IMAGES: Final = ("image_urls", "image_url", "input_image")
OWN_NAMES: Final = (
    "temperature", "top_p", "max_tokens", "max_completion_tokens", "seed", "stop", "n", "presence_penalty",
    "frequency_penalty", "reasoning_effort", "response_format",
)  # fmt: skip
"""Inputs that go by OpenAI's own names."""


class OpenAIChat(Synchronous):
    """`POST /chat/completions`."""

    name = "openai_chat"

    def submit(self, base_url: str, credential: Credential, submission: Submission) -> HttpRequest:
        """POST the conversation: `system_prompt`, then `prompt` with `image_urls`, or `messages` as given."""
        body = ask.fields(submission, _mapped(submission.input))
        return ask.post_json(ask.at(base_url, "chat/completions"), credential, submission.correlation, body)

    def parse_submit(self, response: HttpResponse) -> SubmitOutcome:
        """The text of every choice; what was cut at the token limit counts, what was refused doesn't."""
        if response.status >= 300:
            return openai_errors.refusal(response)
        body = reading.json_object(response.body)
        choices = reading.member(body, "choices")
        if body is None or not isinstance(choices, list):
            fault = reading.member(body, "error")
            return openai_errors.job_fault(fault) if fault else Unknown(reading.describe(response))
        outputs = tuple(_output(words) for each in choices if (words := _words(each)))
        usage = Usage(tokens=reading.whole(reading.member(body, "usage", "total_tokens")))
        return Succeeded(outputs, usage) if outputs else _why_not(choices)


def _mapped(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"messages": given.get("messages") or _messages(given), **ask.taken(given, OWN_NAMES)}


def _messages(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    system = given.get("system_prompt")
    first = [{"role": "system", "content": system}] if system else []
    images = ask.listed(given, *IMAGES)
    content: Any = given.get("prompt", "")
    if images:
        shown = [{"type": "image_url", "image_url": {"url": each}} for each in images]
        content = [{"type": "text", "text": content}, *shown]
    return [*first, {"role": "user", "content": content}]


def _words(choice: object) -> str | None:
    """A choice's text, also from a list of parts; None where it was refused or filtered."""
    message = reading.member(choice, "message")
    if reading.text(reading.member(message, "refusal")) or _filtered(choice):
        return None
    content = reading.member(message, "content")
    if isinstance(content, list):
        content = "".join(filter(None, (reading.text(reading.member(part, "text")) for part in content)))
    return reading.text(content)


def _filtered(choice: object) -> bool:
    return bool(reading.member(choice, "finish_reason") == "content_filter")


def _output(words: str) -> Output:
    return Output("text", None, "", "text/plain", content=words.encode("utf-8", "replace"))


def _why_not(choices: list[Any]) -> Moderated | Failed:
    refusals = [reading.text(reading.member(each, "message", "refusal")) for each in choices]
    refused = next(filter(None, refusals), None)
    if refused or any(_filtered(each) for each in choices):
        return Moderated(reading.message(refused, "the content filter withheld the answer"))
    reasons = [reading.message(reading.member(each, "finish_reason")) for each in choices]
    cut = "length" in reasons
    return Failed("length" if cut else "no_output", "the answer has no text")

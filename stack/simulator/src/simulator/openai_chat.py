"""OpenAI's chat completions below `/openai/v1/chat/completions` (providers.md 2.5)."""

import re
from collections.abc import Iterator
from typing import Any

import orjson
from simulator.jobs import Job
from simulator.openai_part import Part, result_or_error
from simulator.openai_shape import Fields, invalid, no_such_model
from simulator.render.spec import Result
from simulator.web import reply
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

MODELS = (
    "gpt-4o",
    "gpt-4o-mini",
    "gpt-4.1",
    "gpt-4.1-mini",
    "gpt-5",
    "gpt-5-mini",
    "gpt-5.1",
    "o3",
    "o4-mini",
)
MODEL = re.compile(r"(gpt-\d|chatgpt-|o\d)[a-z0-9.-]*")
ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_NAMES = (
    "model", "messages", "temperature", "top_p", "n", "max_tokens", "max_completion_tokens", "stop", "seed",
    "stream", "stream_options", "presence_penalty", "frequency_penalty", "response_format", "user", "tools",
    "tool_choice", "logprobs", "metadata", "store", "reasoning_effort", "safety_identifier", "service_tier",
    "parallel_tool_calls",
)  # fmt: skip
_SAID = (
    "Here is a first draft.", "The light comes from the left and stays low.", "Keep the camera still.",
    "Nothing moves but the water.", "End on the sound of a bell.",
)  # fmt: skip


class Chat(Part):
    """One turn of a conversation."""

    kind = "chat"
    prefix = ("chatcmpl-", 29)

    def results(self, job: Job, image: bytes | None) -> list[Result]:
        """None: the words are the answer."""
        del job, image
        return []

    def usage(self, job: Job) -> dict[str, object]:
        """Tokens: a quarter of the characters."""
        asked, answered = len(job.prompt) // 4 + 8, len(_words(job)) * job.params["n"]
        return {
            "prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        }  # fmt: skip

    async def create(self, request: Request) -> Response:
        """POST /chat/completions, also as a stream."""
        return await self.take(request, lambda given: self.make(request, given), _answer)

    def make(self, request: Request, given: Fields) -> Job:
        """A new job."""
        given.only(_NAMES)
        model = given.text("model")
        if MODEL.fullmatch(model) is None:
            raise no_such_model(model)
        prompt = _prompt(given.given.get("messages"))
        limit = "max_completion_tokens" if "max_completion_tokens" in given.given else "max_tokens"
        options = given.given.get("stream_options") or {}
        params = {
            "n": given.whole("n", 1, 128, 1), "limit": given.whole(limit, 1, 128_000, 16_384),
            "temperature": given.number("temperature", 0, 2, 1), "stream": given.given.get("stream") is True,
            "with_usage": options.get("include_usage") is True,
        }  # fmt: skip
        return self.job(request, model, prompt, params, look=prompt)


def _prompt(messages: Any) -> str:
    """The text of the whole conversation. Raises ProviderError."""
    if not isinstance(messages, list) or not messages:
        raise invalid("messages", "Invalid 'messages': expected a non-empty array.", "invalid_type")
    return "\n".join(_text(number, each) for number, each in enumerate(messages))


def _text(number: int, message: Any) -> str:
    where = f"messages[{number}]"
    role = message.get("role") if isinstance(message, dict) else None
    if role not in ROLES:
        raise invalid(f"{where}.role", f"Invalid value. Supported values are: {', '.join(ROLES)}.")
    content = message.get("content")
    if isinstance(content, list):
        return " ".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    if not isinstance(content, str) and role != "assistant":
        raise invalid(f"{where}.content", "Invalid type: expected a string or an array.", "invalid_type")
    return content or ""


def _words(job: Job) -> list[str]:
    """What is said, a token a word; cut where the limit is."""
    first = len(job.prompt) % len(_SAID)
    text = " ".join(_SAID[first:] + _SAID[:first])
    return text.split()[: job.params["limit"]]


def _reason(job: Job) -> str:
    return "length" if len(_words(job)) == job.params["limit"] else "stop"


def _answer(job: Job) -> Response:
    """The completion. Moderation doesn't refuse the request: it is a refusal in the message."""
    if job.error and job.error[0] == "moderation_blocked":
        message: dict[str, Any] = {
            "role": "assistant",
            "content": None,
            "refusal": "I'm sorry, I can't help with that.",
        }
        return reply(_completion(job, [message], "stop"))
    result_or_error(job)
    if job.params["stream"]:
        return StreamingResponse(_stream(job), media_type="text/event-stream")
    message = {"role": "assistant", "content": " ".join(_words(job)), "refusal": None, "annotations": []}
    return reply(_completion(job, [message] * job.params["n"], _reason(job)))


def _completion(job: Job, messages: list[dict[str, Any]], reason: str) -> dict[str, Any]:
    choices = [
        {"index": number, "message": message, "logprobs": None, "finish_reason": reason}
        for number, message in enumerate(messages)
    ]
    return {
        "id": job.id, "object": "chat.completion", "created": int(job.accepted_at), "model": job.model,
        "choices": choices, "usage": job.usage, "service_tier": "default", "system_fingerprint": "fp_sim",
    }  # fmt: skip


def _stream(job: Job) -> Iterator[bytes]:
    yield _chunk(job, {"role": "assistant", "content": ""}, None)
    for number, word in enumerate(_words(job)):
        yield _chunk(job, {"content": word if number == 0 else f" {word}"}, None)
    yield _chunk(job, {}, _reason(job))
    if job.params["with_usage"]:
        yield _event({**_frame(job), "choices": [], "usage": job.usage})
    yield b"data: [DONE]\n\n"


def _chunk(job: Job, delta: dict[str, Any], reason: str | None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
    return _event({**_frame(job), "choices": [choice]})


def _frame(job: Job) -> dict[str, Any]:
    return {
        "id": job.id, "object": "chat.completion.chunk", "created": int(job.accepted_at), "model": job.model,
    }  # fmt: skip


def _event(value: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(value) + b"\n\n"

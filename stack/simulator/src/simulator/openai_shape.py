"""What all of OpenAI's endpoints share: keys, errors, headers, and fields from JSON or from a form."""

import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from simulator.web import ProviderError, bearer, json_object, reply
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

FAULTS = {
    400: ("", "invalid_request_error"), 401: ("invalid_api_key", "invalid_request_error"),
    403: ("unsupported_country_region_territory", "request_forbidden"),
    404: ("not_found", "invalid_request_error"), 409: ("conflict", "invalid_request_error"),
    429: ("rate_limit_exceeded", "requests"),
}  # fmt: skip
"""Code and type that go with a status (platform.openai.com, error codes)."""
FAILURES = {
    "fail": ("server_error", "The server had an error while processing your request. Sorry about that!"),
    "moderated": ("moderation_blocked", "Your request was blocked by our moderation system."),
    "expire": ("server_error", "The request timed out while it was being processed."),
    "input": ("invalid_input", "The input file could not be downloaded, or could not be processed."),
    "render": ("server_error", "The server had an error while processing your request. Sorry about that!"),
}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a form."""

    filename: str
    content_type: str
    data: bytes


def refuse(error: ProviderError) -> Response:
    """`{"error": {message, type, param, code}}`, null where there is nothing to say."""
    kind = error.details[0]["type"] if error.details else _type(error)
    body = {"message": error.message, "type": kind, "param": error.param or None, "code": error.code or None}
    return reply({"error": body}, error.status)


def _type(error: ProviderError) -> str:
    if error.status >= 500:
        return "server_error"
    return FAULTS.get(error.status, FAULTS[400])[1]


def fault(status: int) -> ProviderError:
    """What OpenAI says with a status for reasons of its own."""
    if status >= 500:
        return ProviderError(status, "", FAILURES["fail"][1])
    return ProviderError(status, FAULTS.get(status, FAULTS[400])[0], "The request was refused.")


def quota() -> ProviderError:
    """No credits left: the status of throttling, told apart by code and type."""
    text = "You exceeded your current quota, please check your plan and billing details."
    return ProviderError(429, "insufficient_quota", text, details=[{"type": "insufficient_quota"}])


def invalid(param: str, message: str, code: str = "invalid_value") -> ProviderError:
    """A field at fault."""
    return ProviderError(400, code, message, param=param)


def no_such_model(model: str) -> ProviderError:
    """A model that isn't there, or not for this key."""
    text = f"The model `{model}` does not exist or you do not have access to it."
    return ProviderError(404, "model_not_found", text, param="model")


def authenticate(request: Request) -> None:
    """Any bearer token but `bad-key`."""
    key = bearer(request)
    if not key:
        text = "You didn't provide an API key. You need to provide it in an Authorization header."
        raise ProviderError(401, "", text)
    if key == "bad-key":
        raise ProviderError(401, "invalid_api_key", "Incorrect API key provided: bad-key.")


def headers(began: float) -> dict[str, str]:
    """What goes with every answer."""
    return {
        "x-request-id": f"req_{uuid.uuid4().hex}",
        "openai-version": "2020-10-01",
        "openai-processing-ms": str(round((time.monotonic() - began) * 1000)),
        "x-ratelimit-limit-requests": "500",
        "x-ratelimit-remaining-requests": "499",
        "x-ratelimit-reset-requests": "120ms",
    }


async def fields(request: Request) -> "Fields":
    """The request's body, whichever way it came. Raises ProviderError."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        return Fields(await _form(request), texts=True)
    body = await json_object(request)
    if body is None:
        text = "We could not parse the JSON body of your request."
        raise ProviderError(400, "", text)
    return Fields(body, texts=False)


async def _form(request: Request) -> dict[str, Any]:
    """Repeated names, and names that end in `[]`, are lists; `name[key]` is an object's member."""
    given: dict[str, Any] = {}
    async with request.form() as form:
        for name, value in form.multi_items():
            item = await _upload(value) if isinstance(value, UploadFile) else value
            if name.endswith("[]"):
                given.setdefault(name.removesuffix("[]"), []).append(item)
            elif name.endswith("]") and "[" in name:
                owner, _, key = name[:-1].partition("[")
                given.setdefault(owner, {})[key] = item
            else:
                given[name] = item
    return given


async def _upload(file: UploadFile) -> Upload:
    return Upload(file.filename or "", file.content_type or "", await file.read())


class Fields:
    """A body's fields with OpenAI's complaints: unknown, missing, of another type, not among the values."""

    def __init__(self, given: dict[str, Any], *, texts: bool) -> None:
        self.given, self._texts = given, texts

    def only(self, names: Iterable[str]) -> None:
        """Raises ProviderError for a name that isn't among these."""
        known = set(names)
        for name in self.given:
            if name not in known:
                raise invalid(name, f"Unknown parameter: '{name}'.", "unknown_parameter")

    def text(self, name: str, default: str | None = None, *, limit: int = 32_000) -> str:
        """A non-empty string; required without a default."""
        value = self.given.get(name)
        if value is None:
            return self._default(name, default)
        if not isinstance(value, str):
            raise invalid(name, f"Invalid type for '{name}': expected a string.", "invalid_type")
        if not value:
            raise invalid(name, f"Invalid '{name}': empty string.", "empty_string")
        if len(value) > limit:
            text = f"Invalid '{name}': string too long. Expected at most {limit} characters."
            raise invalid(name, text, "string_above_max_length")
        return value

    def choice(self, name: str, allowed: Iterable[str], default: str | None = None) -> str:
        """One of these strings."""
        value, known = self.text(name, default), tuple(allowed)
        if value not in known:
            raise invalid(name, f"Invalid value: '{value}'. Supported values are: {', '.join(known)}.")
        return value

    def number(self, name: str, low: float, high: float, default: float) -> float:
        """A number from `low` to `high`."""
        value = self._number(name, default)
        if not low <= value <= high:
            raise invalid(name, f"Invalid '{name}': expected a value from {low:g} to {high:g}.")
        return value

    def whole(self, name: str, low: int, high: int, default: int) -> int:
        """An integer from `low` to `high`."""
        value = self.number(name, low, high, default)
        if value != int(value):
            raise invalid(name, f"Invalid type for '{name}': expected an integer.", "invalid_type")
        return int(value)

    def uploads(self, name: str) -> list[Upload]:
        """The files of this name."""
        value = self.given.get(name)
        items = value if isinstance(value, list) else [value] if value is not None else []
        if not all(isinstance(item, Upload) for item in items):
            raise invalid(name, f"Invalid type for '{name}': expected a file.", "invalid_type")
        return items

    def _number(self, name: str, default: float) -> float:
        value = self.given.get(name, default)
        if self._texts and isinstance(value, str):
            try:
                return float(value)
            except ValueError:
                value = None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise invalid(name, f"Invalid type for '{name}': expected a number.", "invalid_type")
        return value

    def _default(self, name: str, default: str | None) -> str:
        if default is None:
            raise invalid(name, f"Missing required parameter: '{name}'.", "missing_required_parameter")
        return default

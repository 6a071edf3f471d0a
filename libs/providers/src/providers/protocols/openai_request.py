"""What requests to OpenAI's APIs have in common: address, key, JSON and files."""

from collections.abc import Mapping
from typing import Any

import orjson

from providers.errors import ProviderError
from providers.http import HttpRequest
from providers.job import Credential, Submission
from providers.media import suffix
from providers.multipart import Part, encode, field
from providers.template import fill


def bearer(credential: Credential) -> dict[str, str]:
    """The key's header."""
    return {"Authorization": f"Bearer {credential.secret}"}


def at(base_url: str, path: str) -> str:
    """An address below the base URL."""
    return f"{base_url.rstrip('/')}/{path}"


def post_json(url: str, credential: Credential, correlation: str, body: Mapping[str, Any]) -> HttpRequest:
    """POST a JSON body."""
    headers = {**_headers(credential, correlation), "Content-Type": "application/json"}
    return HttpRequest("POST", url, headers, orjson.dumps(body))


def post_form(url: str, credential: Credential, correlation: str, parts: list[Part]) -> HttpRequest:
    """POST a form with files."""
    content_type, body = encode(parts)
    return HttpRequest("POST", url, {**_headers(credential, correlation), "Content-Type": content_type}, body)


def fields(submission: Submission, mapped: Mapping[str, Any]) -> dict[str, Any]:
    """The body's fields: the route's template, or what `mapped` makes of the input; options give way."""
    given = mapped if submission.template is None else fill(submission.template, submission.input)
    return {"model": submission.model, **submission.options, **given}


def form(body: Mapping[str, Any]) -> list[Part]:
    """Fields as the SDK writes them: numbers and flags as text, each item of a list by itself as `name[]`."""
    parts: list[Part] = []
    for name, value in body.items():
        if isinstance(value, list):
            parts += [field(f"{name}[]", _text(item)) for item in value]
        elif value is not None:
            parts.append(field(name, _text(value)))
    return parts


def file(name: str, url: str, submission: Submission) -> Part:
    """A fetched input as a file. Raises ProviderError (`input_not_fetched`)."""
    if url not in submission.fetched:
        raise ProviderError("input_not_fetched", f"{name} was not fetched before the submit")
    content_type, content = submission.fetched[url]
    stem = name.removesuffix("[]")
    return Part(name, content, f"{stem}.{suffix(content_type)}", content_type)


def first(given: Mapping[str, Any], *names: str) -> Any:
    """The first of these inputs that is there; of a list its first item."""
    for name in names:
        value = given.get(name)
        if isinstance(value, list | tuple):
            value = value[0] if value else None
        if value not in (None, ""):
            return value
    return None


def listed(given: Mapping[str, Any], *names: str) -> tuple[str, ...]:
    """All addresses under these names, single ones and lists, in order."""
    found: list[str] = []
    for name in names:
        value = given.get(name)
        found += [value] if isinstance(value, str) and value else value if isinstance(value, list) else []
    return tuple(found)


def taken(given: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """The inputs that go by the provider's own name."""
    return {name: given[name] for name in names if given.get(name) is not None}


def _headers(credential: Credential, correlation: str) -> dict[str, str]:
    """OpenAI ignores the idempotency key; gateways that serve its paths honour it."""
    return {**bearer(credential), "Idempotency-Key": correlation}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else orjson.dumps(value).decode()

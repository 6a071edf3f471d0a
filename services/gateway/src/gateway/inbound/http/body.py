"""Reading a JSON body: limited in size, strict in form."""

import hashlib
import json
from typing import Any

import orjson
from starlette.requests import Request

from gateway.domain.problem import Problem


async def read_body(request: Request, limit: int) -> bytes:
    """The body. Raises Problem 413 as soon as it is too large."""
    length = request.headers.get("content-length")
    if length is not None and length.isdecimal() and int(length) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body. Raises Problem 400: not JSON (NaN included), no object, a name twice."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Problem(400, "invalid_json", f"The body is not valid JSON: {error}.") from None
    if not isinstance(value, dict):
        raise Problem(400, "invalid_json", "The body must be a JSON object.")
    _refuse_duplicates(body)
    return value


def fingerprint(value: dict[str, Any]) -> str:
    """SHA-256 of the canonical form: what makes two payloads the same. Raises Problem 422 if too deep."""
    try:
        canonical = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        raise _too_deep() from None
    return hashlib.sha256(canonical).hexdigest()


def _unique(pairs: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise Problem(400, "duplicate_name", f"The name {name[:100]!r} appears twice in one object.")
        seen.add(name)


_decoder = json.JSONDecoder(object_pairs_hook=_unique)


def _refuse_duplicates(body: bytes) -> None:
    """Two readers may take different values of a name that appears twice: nobody shall have to guess."""
    try:
        _decoder.decode(body.decode())
    except RecursionError:
        raise _too_deep() from None


def _too_deep() -> Problem:
    return Problem(422, "too_deep", "The body is nested too deeply.", param="input")


def _too_large(limit: int) -> Problem:
    return Problem(413, "request_too_large", f"The body is larger than {limit} bytes.")

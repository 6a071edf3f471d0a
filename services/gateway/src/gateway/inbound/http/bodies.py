"""Bodies in a surface's own words: JSON, or a form with at most a few files."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from python_multipart.exceptions import FormParserError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from gateway.domain.problem import Problem
from gateway.inbound.http.body import parse_object, read_body

_MOST_FIELDS, _MOST_FILES = 100, 4


@dataclass(frozen=True, slots=True)
class File:
    """A file of a form."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Body:
    """The fields, the files by field, and what makes two bodies the same."""

    fields: Mapping[str, Any]
    files: Mapping[str, File]
    size: int
    fingerprint: str


async def read(request: Request, *, json_limit: int, file_limit: int) -> Body:
    """Raises Problem 400 for what is neither JSON nor a form, 413 for what is too large."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _form(request, json_limit + file_limit, file_limit)
    raw = await read_body(request, json_limit)
    fields = parse_object(raw) if raw else {}
    return Body(fields, {}, len(raw), _fingerprint(fields, {}))


async def _form(request: Request, limit: int, file_limit: int) -> Body:
    """The boundary differs at each retry, so the fields and the files' bytes are what counts."""
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > limit:
        raise Problem(413, "request_too_large", f"The form must tell its length, at most {limit} bytes.")
    try:
        form = await request.form(max_files=_MOST_FILES, max_fields=_MOST_FIELDS, max_part_size=1_048_576)
    except (HTTPException, FormParserError, ValueError) as error:
        raise Problem(400, "invalid_form", "The body is not a well-formed multipart form.") from error
    fields: dict[str, Any] = {}
    files: dict[str, File] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            files[name] = await _file(value, name, file_limit)
        else:
            _add(fields, name, value)
    await form.close()
    return Body(fields, files, int(length), _fingerprint(fields, files))


async def _file(upload: UploadFile, name: str, limit: int) -> File:
    content = await upload.read(limit + 1)
    if len(content) > limit:
        raise Problem(413, "file_too_large", f"A file may have {limit} bytes.", param=name)
    return File(upload.filename or name, upload.content_type or "application/octet-stream", content)


def _add(fields: dict[str, Any], name: str, value: str) -> None:
    """`name[]` is a list and `name[key]` an object, as the SDKs write them."""
    base, bracket, rest = name.partition("[")
    if not bracket or not rest.endswith("]"):
        fields[name] = value
        return
    kept = fields.setdefault(base, [] if rest == "]" else {})
    if rest == "]" and isinstance(kept, list):
        kept.append(value)
    elif rest != "]" and isinstance(kept, dict):
        kept[rest[:-1]] = value
    else:
        raise Problem(400, "invalid_form", f"{base[:200]!r} is sent as two kinds of value.", param=base[:200])


def _fingerprint(fields: Mapping[str, Any], files: Mapping[str, File]) -> str:
    digests = {name: hashlib.sha256(file.content).hexdigest() for name, file in files.items()}
    try:
        canonical = orjson.dumps([dict(fields), digests], option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        raise Problem(422, "too_deep", "The body is nested too deeply.") from None
    return hashlib.sha256(canonical).hexdigest()

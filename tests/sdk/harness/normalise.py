"""Requests in a form that can be compared: what is said, without how it happened to be written.

Standard library only. Left out on purpose: the order of fields and headers, the multipart boundary, members
that are null (unset, in several SDKs), and the headers in which clients speak of themselves or of transport.
"""

import email.parser
import email.policy
import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

TELEMETRY = (
    "x-stainless-",
    "x-goog-api-client",
    "x-fal-client",
    "x-dashscope-sdk",
    "x-runway-client",
    "x-client-request-id",
    "traceparent",
)
TRANSPORT = {
    "host", "user-agent", "accept", "accept-encoding", "connection", "content-length", "transfer-encoding",
    "expect",
}  # fmt: skip


def normalised(
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    body: bytes,
    names: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A request as JSON; `names` are texts (job ids, addresses) to be put as their placeholder instead."""
    lowered = {name.lower(): value for name, value in headers.items()}
    found = {
        "method": method,
        "path": unquote(path),
        "query": sorted([name, value] for name, value in parse_qsl(query, keep_blank_values=True)),
        "headers": {name: _value(name, lowered[name]) for name in sorted(lowered) if _tells(name)},
        "body": _body(lowered.get("content-type", ""), body),
    }
    return _renamed(found, names or {})  # type: ignore[no-any-return]


def _tells(name: str) -> bool:
    return name not in TRANSPORT and not name.startswith(TELEMETRY)


def _value(name: str, value: str) -> str:
    return value.split(";", maxsplit=1)[0].strip().lower() if name == "content-type" else value


def _body(content_type: str, body: bytes) -> Any:
    if not body:
        return None
    if content_type.startswith("multipart/form-data"):
        return {"multipart": _parts(content_type, body)}
    if content_type.startswith("application/x-www-form-urlencoded"):
        return {"form": sorted(map(list, parse_qsl(body.decode(), keep_blank_values=True)))}
    try:
        return {"json": _without_nulls(json.loads(body))}
    except ValueError:
        return {"sha256": hashlib.sha256(body).hexdigest()}


def _parts(content_type: str, body: bytes) -> list[dict[str, Any]]:
    head = f"content-type: {content_type}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    return sorted(
        (_part(part) for part in message.iter_parts()), key=lambda part: json.dumps(part, sort_keys=True)
    )


def _part(part: Any) -> dict[str, Any]:
    payload = part.get_payload(decode=True)
    found: dict[str, Any] = {"name": part.get_param("name", header="content-disposition")}
    if part.get_filename() is None:
        return {**found, "value": payload.decode()}
    kind = part.get_content_type() if "content-type" in part else None
    return {**found, "file": True, "content_type": kind, "sha256": hashlib.sha256(payload).hexdigest()}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(each) for name, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for text, placeholder in names.items():
            value = value.replace(text, placeholder)
        return value
    if isinstance(value, dict):
        return {name: _renamed(each, names) for name, each in value.items()}
    return [_renamed(each, names) for each in value] if isinstance(value, list) else value

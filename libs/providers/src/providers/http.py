"""Plain requests and answers: what an adapter builds and reads. Sending them is the caller's business."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request that is ready to be sent as it stands."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A whole answer; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str = ""
    """The address that was asked: some answers don't say what they are about."""

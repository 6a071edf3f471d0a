"""A form's one file, read as it comes: nothing of it is kept in memory or on disk."""

from collections import deque
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from gateway.domain.problem import Problem

_MOST_HEADER_BYTES = 8192
_Event = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class FilePart:
    """The file. `file_name` and `content_type` are the client's words; `chunks` ends only when the form is
    whole, else it raises Problem 400.
    """

    field: str
    file_name: str
    content_type: str
    chunks: AsyncIterator[bytes]


async def one_file(request: Request, fields: Collection[str]) -> FilePart:
    """The file in a form that has nothing else, in one of these fields. Raises Problem 400, 422."""
    events = _events(request, _boundary(request))
    field = ""
    async for kind, content in events:
        if kind == "headers":
            field, file_name, content_type = _disposition(content)
            if field not in fields or file_name is None:
                raise _unexpected(field, fields)
            return FilePart(field, file_name, content_type, _chunks(events))
    name = min(fields)
    raise Problem(422, "required", f"{name} is required: the file, in a form.", param=name)


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary or len(boundary) > 200:
        raise Problem(400, "invalid_form", "The body must be multipart/form-data with a boundary.")
    return boundary


def _unexpected(field: str, fields: Collection[str]) -> Problem:
    name = min(fields)
    if field in fields:
        return Problem(422, "invalid_type", f"{field} must be a file, with a filename.", param=field)
    message = f"{field[:100]!r} is not a field of this form; it has one file, {name}."
    return Problem(400, "unknown_field", message, param=field[:100] or name)


def _disposition(headers: bytes) -> tuple[str, str | None, str]:
    """Name, file name (None: no file) and content type of a part."""
    found = {}
    for line in headers.split(b"\n"):
        name, _, value = line.partition(b":")
        found[name.strip().lower()] = value.strip()
    _, options = parse_options_header(found.get(b"content-disposition", b""))
    file_name = options.get(b"filename")
    shown = None if file_name is None else file_name.decode("utf-8", "replace")
    content_type = found.get(b"content-type", b"").decode("latin-1")
    return options.get(b"name", b"").decode("utf-8", "replace"), shown, content_type


async def _chunks(events: AsyncIterator[_Event]) -> AsyncIterator[bytes]:
    async for kind, content in events:
        if kind == "data":
            yield content
        elif kind == "headers":
            field, _, _ = _disposition(content)
            raise Problem(
                400, "unknown_field", "The form may have one file and nothing else.", param=field[:100]
            )


async def _events(request: Request, boundary: bytes) -> AsyncIterator[_Event]:
    """Headers and data of the parts. Ends at the last boundary; raises Problem 400 for what isn't a form."""
    reader = _Reader()
    parser = MultipartParser(boundary, reader.callbacks())
    try:
        async for chunk in request.stream():
            if chunk:
                parser.write(chunk)
            while reader.events:
                yield reader.events.popleft()
            if reader.complete:
                return
    except (FormParserError, ClientDisconnect):
        raise _broken() from None
    raise _broken()


def _broken() -> Problem:
    return Problem(400, "invalid_form", "The body is not a whole, well-formed multipart form.")


class _Reader:
    """Turns the parser's callbacks into events."""

    def __init__(self) -> None:
        self.events: deque[_Event] = deque()
        self.complete = False
        self._headers = bytearray()

    def callbacks(self) -> Any:
        """What the parser calls."""
        return {
            "on_part_begin": self._headers.clear,
            "on_header_field": self._header,
            "on_header_value": self._value,
            "on_header_end": lambda: self._headers.extend(b"\n"),
            "on_headers_finished": lambda: self.events.append(("headers", bytes(self._headers))),
            "on_part_data": lambda data, start, end: self.events.append(("data", data[start:end])),
            "on_end": self._end,
        }

    def _header(self, data: bytes, start: int, end: int) -> None:
        self._headers += data[start:end]
        self._bound()

    def _value(self, data: bytes, start: int, end: int) -> None:
        if b":" not in self._headers.rpartition(b"\n")[2]:
            self._headers += b":"
        self._headers += data[start:end]
        self._bound()

    def _bound(self) -> None:
        if len(self._headers) > _MOST_HEADER_BYTES:
            raise FormParserError("headers of a part are too long")

    def _end(self) -> None:
        self.complete = True

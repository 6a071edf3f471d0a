"""Results in answers whose shape differs from model to model: whatever is a file's address is an output.

A file is a URL by itself or an object with a `url`. Its kind is what its content type says, else its name's
ending, else the name of the member that holds it.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from providers import reading
from providers.data_uri import content_of
from providers.kinds import kind_of_url
from providers.outcomes import Output, OutputKind
from providers.subtitles import Line, srt

MOST_OUTPUTS = 64
_DEEPEST = 6

_TYPES: dict[str, OutputKind] = {
    "video/": "video", "image/": "image", "audio/": "audio", "model/": "mesh",
    "application/x-subrip": "subtitle", "text/vtt": "subtitle", "text/srt": "subtitle", "text/plain": "text",
}  # fmt: skip
_NAMED: tuple[tuple[str, OutputKind], ...] = (
    ("subtitle", "subtitle"), ("srt", "subtitle"), ("vtt", "subtitle"), ("frame", "image"),
    ("thumbnail", "image"), ("image", "image"), ("mask", "image"), ("audio", "audio"), ("music", "audio"),
    ("speech", "audio"), ("mesh", "mesh"), ("glb", "mesh"), ("video", "video"),
)  # fmt: skip
_ITSELF = {
    "", "output", "outputs", "result", "data", "file", "files", "video", "videos", "image", "images", "audio",
    "audio_file", "audio_url", "audios", "music", "model_mesh", "model_glb", "mesh", "srt", "subtitle",
    "subtitles",
}  # fmt: skip
"""Members that hold the result itself; any other member's name is the output's role."""
_TEXTS = ("text", "transcription", "transcript", "output")
_LINES = ("chunks", "segments")


def outputs(answer: object) -> tuple[Output, ...]:
    """The files of an answer in its own order; where there are none its text, and subtitles if timed."""
    files = []
    for found in _files(answer, "", 0):
        if found not in files:
            files.append(found)
        if len(files) == MOST_OUTPUTS:
            break
    return tuple(files) or _words(answer)


def _files(value: object, name: str, depth: int) -> Iterator[Output]:
    if depth > _DEEPEST or name == "input":
        return
    if isinstance(value, list):
        for each in value:
            yield from _files(each, name, depth + 1)
    elif isinstance(value, str):
        yield from _file(value, None, name)
    elif isinstance(value, dict):
        if isinstance(value.get("url"), str):
            yield from _file(value["url"], reading.text(value.get("content_type")), name)
            return
        for member, each in value.items():
            yield from _files(each, str(member), depth + 1)


def _file(url: str, content_type: str | None, name: str) -> Iterator[Output]:
    role = None if name in _ITSELF else name[:64]
    inline = content_of(url)
    if inline is not None:
        kind = _kind(inline[0], "", name)
        yield Output(kind, role, "", inline[0], content=inline[1])
    elif reading.web_url(url) is not None:
        yield Output(_kind(content_type, url, name), role, url, content_type)


def _kind(content_type: str | None, url: str, name: str) -> OutputKind:
    for prefix, kind in _TYPES.items():
        if content_type and content_type.lower().startswith(prefix):
            return kind
    by_ending = kind_of_url(url)
    if by_ending is not None:
        return by_ending
    return next((kind for part, kind in _NAMED if part in name.lower()), "video")


def _words(answer: object) -> tuple[Output, ...]:
    said = _text(answer)
    if said is None:
        return ()
    found = [Output("text", None, "", "text/plain", content=said.encode("utf-8", "replace"))]
    lines = _lines(answer)
    if lines:
        found.insert(0, Output("subtitle", None, "", "application/x-subrip", content=srt(lines)))
    return tuple(found)


def _text(answer: object) -> str | None:
    if isinstance(answer, list) and answer and all(isinstance(each, str) for each in answer):
        return "".join(answer).strip() or None
    if isinstance(answer, dict):
        return next((said for name in _TEXTS if (said := _text(answer.get(name)))), None)
    return answer.strip() or None if isinstance(answer, str) else None


def _lines(answer: object) -> list[Line]:
    listed = next((each for name in _LINES if (each := reading.member(answer, name))), None)
    found = [_line(each) for each in listed] if isinstance(listed, list) else []
    return [line for line in found if line is not None]


def _line(given: object) -> Line | None:
    said = reading.text(reading.member(given, "text"))
    span: Any = reading.member(given, "timestamp")
    start, end = span if isinstance(span, list) and len(span) == 2 else (
        reading.member(given, "start"), reading.member(given, "end"),
    )  # fmt: skip
    begins, ends = reading.exact(start), reading.exact(end)
    if said is None or begins is None:
        return None
    return Line(begins, ends if ends is not None and ends > begins else begins + Fraction(1), said.strip())

"""Files that a ComfyUI workflow reads: uploads before the submit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from providers.data_uri import content_of
from providers.errors import ProviderError
from providers.job import Submission
from providers.template import names as names_in

FOLDER: Final = "framebus"
"""Below the server's input folder: uploads are ours, and can be deleted as such."""
_SUFFIXES: Final = {
    "image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/gif": ".gif",
    "audio/mpeg": ".mp3", "audio/wav": ".wav", "audio/x-wav": ".wav", "audio/flac": ".flac",
    "audio/ogg": ".ogg", "audio/mp4": ".m4a",
    "video/mp4": ".mp4", "video/webm": ".webm", "video/quicktime": ".mov",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to be uploaded; `name` is how a graph speaks of it."""

    content_type: str
    content: bytes = field(repr=False)

    @property
    def file_name(self) -> str:
        """The hash of the bytes: the same file has the same name."""
        return sha256(self.content).hexdigest()[:40] + _SUFFIXES.get(self.content_type, ".bin")

    @property
    def name(self) -> str:
        """Folder and file name, as the loading nodes take it."""
        return f"{FOLDER}/{self.file_name}"


def addresses(submission: Submission) -> tuple[str, ...]:
    """The web addresses of input files, each once."""
    return tuple(dict.fromkeys(each for each in _media(submission) if _is_web(each)))


def inputs(submission: Submission) -> dict[str, InputFile]:
    """Address or data URI to file. Raises ProviderError if one was not fetched or is no data URI."""
    return {each: _file(each, submission) for each in _media(submission)}


def renamed(given: Any, names: Mapping[str, str]) -> Any:
    """The input with the names of the uploads in the place of addresses."""
    if isinstance(given, str):
        return names.get(given, given)
    if isinstance(given, Mapping):
        return {name: renamed(each, names) for name, each in given.items()}
    return [renamed(each, names) for each in given] if isinstance(given, list) else given


def form(file: InputFile) -> tuple[str, bytes]:
    """Content type and body of the form that uploads a file."""
    boundary = f"framebus-{sha256(file.content).hexdigest()}"
    fields = {"subfolder": FOLDER, "type": "input", "overwrite": "true"}
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="{file.file_name}"\r\n'
        f"Content-Type: {file.content_type}\r\n\r\n"
    )
    body = b"".join([*parts, head.encode(), file.content, f"\r\n--{boundary}--\r\n".encode()])
    return f"multipart/form-data; boundary={boundary}", body


def _media(submission: Submission) -> Iterator[str]:
    """Addresses and data URIs in those fields that the template names."""
    for name in sorted(names_in(submission.template)):
        value = submission.input.get(name)
        if name.endswith("_url") and isinstance(value, str):
            yield value
        if name.endswith("_urls") and isinstance(value, list):
            yield from (each for each in value if isinstance(each, str))


def _is_web(value: str) -> bool:
    return value[:5].lower() != "data:"


def _file(value: str, submission: Submission) -> InputFile:
    if not _is_web(value):
        return _inline(value)
    if value not in submission.fetched:
        raise ProviderError("input_not_fetched", "an input file was not fetched before the submit")
    return InputFile(*submission.fetched[value])


def _inline(uri: str) -> InputFile:
    found = content_of(uri)
    if found is None:
        raise ProviderError("input_not_fetched", "an inline file is no data URI, or empty")
    return InputFile(*found)

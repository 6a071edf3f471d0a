"""ComfyUI's history: `{prompt_id: {prompt, outputs, status, meta}}`, an entry for every finished job.

Source: execution.py of v0.3.64. Each node's output has lists of files under names of its choice: SaveVideo's
are under `images`, those of custom nodes under `gifs` and others, so every list is looked through.
"""

from typing import Any
from urllib.parse import urlencode

from providers import reading
from providers.kinds import kind_of_name
from providers.outcomes import Cancelled, Failed, Output, PollOutcome, Succeeded, Unknown, Usage

SKEW_MILLISECONDS = 60_000
"""How far a server's clock may be behind ours."""


def state(entry: object, base_url: str) -> PollOutcome:
    """How a job ended; `base_url` is where its files are."""
    if not isinstance(entry, dict):
        return Unknown("the history's answer is about another job")
    if "execution_interrupted" in _messages(entry):
        return Cancelled()
    if reading.member(entry, "status", "status_str") == "error":
        return _failure(_messages(entry).get("execution_error"))
    outputs = _outputs(entry.get("outputs"), base_url)
    if outputs:
        return Succeeded(outputs, Usage())
    if reading.member(entry, "status", "status_str") == "success":
        return Failed("no_output", "the workflow ended without a file that can be stored")
    return Unknown("the history says neither how the job ended nor what it made")


def is_item(value: object) -> bool:
    """Whether it begins as queue items do: [number, prompt_id, …]."""
    return isinstance(value, list) and len(value) > 1 and reading.identifier(value[1]) is not None


def item(entry: object) -> list[Any] | None:
    """An entry's queue item, if it is well-formed enough."""
    found = reading.member(entry, "prompt")
    return found if is_item(found) else None


def reaches_back(history: dict[str, Any], since_epoch_seconds: int) -> bool:
    """Whether a job in it ended before then: entries are in the order in which jobs ended."""
    since = since_epoch_seconds * 1000 - SKEW_MILLISECONDS
    ends = (max(_times(entry), default=None) for entry in history.values())
    return any(end is not None and end < since for end in ends)


def _messages(entry: object) -> dict[str, Any]:
    """Event to its data."""
    found = reading.member(entry, "status", "messages")
    pairs = [each for each in found if isinstance(each, list)] if isinstance(found, list) else []
    return {each[0]: each[1] for each in pairs if len(each) == 2 and isinstance(each[0], str)}


def _times(entry: object) -> list[int]:
    """Unix milliseconds of what happened to a job."""
    stamps = (reading.whole(reading.member(data, "timestamp")) for data in _messages(entry).values())
    return [stamp for stamp in stamps if stamp is not None]


def _failure(error: object) -> Failed:
    code = reading.message(reading.member(error, "exception_type"), "execution_error")
    node = reading.message(reading.member(error, "node_type"), "a node")
    why = reading.message(reading.member(error, "exception_message"), "failed without a reason")
    return Failed(code, reading.message(f"{node}: {why}"))


def _outputs(nodes: object, base_url: str) -> tuple[Output, ...]:
    """The saved files; previews only where nothing was saved."""
    lists = [each for node in _values(nodes) for each in _values(node) if isinstance(each, list)]
    files = [file for each in lists for file in each if reading.text(reading.member(file, "filename"))]
    saved = [file for file in files if file.get("type", "output") == "output"]
    found = [_output(file, base_url) for file in saved or files]
    return tuple(each for each in found if each is not None)


def _output(file: dict[str, Any], base_url: str) -> Output | None:
    kind = kind_of_name(file["filename"])
    query = {"filename": file["filename"]}
    query |= {name: file[name] for name in ("subfolder", "type") if reading.text(file.get(name))}
    url = reading.web_url(f"{base_url}/view?{urlencode(query, errors='replace')}")
    return Output(kind, None, url, authenticated=True) if kind and url else None


def _values(value: object) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else []

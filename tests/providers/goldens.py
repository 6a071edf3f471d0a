"""What the official SDKs send (`tests/sdk/goldens`, captured by `make goldens`) beside what we send."""

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from providers.http import HttpRequest

SDK = Path(__file__).parents[1] / "sdk"

sys.path.insert(0, str(SDK / "harness"))

from normalise import normalised  # noqa: E402 -- it lives with the SDKs' harness
from samples import png, wav  # noqa: E402

__all__ = ["JOB", "KEY", "URL", "as_golden", "golden", "png", "wav"]

URL, KEY, JOB = "http://simulator.invalid", "sdk-key", "the-job-id"
"""Build requests with these: base URLs below URL, the credential's secret, the job's id."""


def golden(sdk: str, case: str, step: str, *, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """One request of a captured case; `without`: what the SDK adds, as "body.json.input.function"."""
    captured: dict[str, Any] = json.loads((SDK / "goldens" / sdk / f"{case}.json").read_text())[step]
    for path in without:
        *way, last = path.split(".")
        owner = captured
        for name in way:
            owner = owner[name]
        del owner[last]
    return captured


def as_golden(request: HttpRequest, **names: str) -> dict[str, Any]:
    """Our request in the goldens' form; `names` are placeholders for more texts, as in `Golden.calls`."""
    parts = urlsplit(request.url)
    told = {URL: "SIMULATOR", KEY: "KEY", JOB: "JOB"} | {text: place for place, text in names.items()}
    return normalised(request.method, parts.path, parts.query, request.headers, request.body, told)

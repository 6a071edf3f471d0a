"""A pytest plugin that looks at every answer of the gateway that a test gets through httpx.

An answer that the OpenAPI document doesn't describe fails the test that got it. A run of all flow tests fails
for an operation whose success none of them has seen; a run of all gateway tests too also for a documented
status below 500 that nobody has seen, both with `FRAMEBUS_RECORDER=strict`; otherwise they are only listed.
A run of less, or one with a failure, is not judged so.
`FRAMEBUS_SEEN=file` writes down what was seen, and where. An answer of the gateway has an `X-Request-Id`.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Set
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import httpx2
import jsonschema_rs
import pytest
from api_document import operations
from error_table import RENAMED, codes_known
from never_seen import NEVER_SEEN

Answer = tuple[str, str, str]
"""Method, path of the document, status."""
TESTS = Path(__file__).parents[1]
FLOWS = "flows"
PLACES = (FLOWS, "gateway")


class Recorder:
    """What was seen, and what was wrong with it."""

    def __init__(self) -> None:
        self.seen: dict[Answer, set[str]] = {}
        self.missing: list[str] = []
        self._place = ""
        self._faults: list[str] = []
        self._left_out = False
        self._begun: set[str] = set()

    def pytest_sessionstart(self) -> None:
        """Look over the shoulder of both generations of httpx; the openai SDK uses the newer one."""
        for library in (httpx, httpx2):
            _watch(library.Client, self._sync)
            _watch(library.AsyncClient, self._async)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Read the document before any test puts other surfaces in the place of the gateway's."""
        if any(place_of(item.path) in PLACES for item in session.items):
            operations()

    def pytest_deselected(self) -> None:
        """Know that some tests were collected and will not run."""
        self._left_out = True

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Know which tests had their turn."""
        self._begun.add(nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """Fail a test that saw an answer which isn't described."""
        self._place, self._faults = place_of(item.path), []
        result = yield
        if self._faults:
            pytest.fail("not as the OpenAPI document says:\n" + "\n".join(self._faults), pytrace=False)
        return result

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Look what a whole run left unseen."""
        if (target := os.environ.get("FRAMEBUS_SEEN")) is not None:
            lines = [f"{' '.join(each)} {','.join(sorted(at))}\n" for each, at in self.seen.items()]
            Path(target).write_text("".join(sorted(lines)))
        if session.testsfailed == 0:
            self.missing = unseen(self.seen, self._whole(session))
        if self.missing and os.environ.get("FRAMEBUS_RECORDER") == "strict":
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what is missing."""
        for line in self.missing:
            terminalreporter.write_line(f"OpenAPI: {line}", red=True)

    def _whole(self, session: pytest.Session) -> set[str]:
        """The places of which every test had its turn."""
        if self._left_out or any("::" in each for each in session.config.args):
            return set()
        items = [(place_of(item.path), item) for item in session.items]
        unfinished = {place for place, item in items if item.nodeid not in self._begun}
        files = {item.path for item in session.items}
        return {
            place
            for place in PLACES
            if place not in unfinished and files.issuperset((TESTS / place).glob("test_*.py"))
        }

    def note(self, response: Any, *, read: bool) -> None:
        """Take an answer in."""
        if not response.headers.get("x-request-id", "").startswith("req_"):
            return
        method = "GET" if response.request.method == "HEAD" else response.request.method
        path = template_of(method, response.request.url.path)
        if path is None or response.status_code >= 500:
            return
        status = str(response.status_code)
        described = operations()[method, path]["responses"].get(status)
        body = response.content if read and response.request.method != "HEAD" else None
        fault = "isn't documented" if described is None else _fault(described, response, body)
        if fault is None and body and status[0] == "4":
            fault = _untold(response.json())
        if fault is not None:
            self._faults.append(f"{method} {path} {status}: {fault}")
        self.seen.setdefault((method, path, status), set()).add(self._place)

    def _sync(self, original: Any) -> Callable[..., Any]:
        def send(client: Any, request: Any, **options: Any) -> Any:
            response = original(client, request, **options)
            self.note(response, read=not options.get("stream"))
            return response

        return send

    def _async(self, original: Any) -> Callable[..., Any]:
        async def send(client: Any, request: Any, **options: Any) -> Any:
            response = await original(client, request, **options)
            self.note(response, read=not options.get("stream"))
            return response

        return send


def place_of(file: Path) -> str:
    """The folder of `tests/` that a test is in."""
    parts = file.relative_to(TESTS).parts if file.is_relative_to(TESTS) else ()
    return parts[0] if parts else ""


def unseen(seen: Mapping[Answer, Set[str]], whole: Set[str]) -> list[str]:
    """What nobody has seen, and what is excused without need, judged by the places that ran as a whole."""
    documented = {
        (method, path, status)
        for (method, path), operation in operations().items()
        for status in operation["responses"]
        if int(status) < 500
    }
    found = []
    if whole >= set(PLACES):
        missing = documented - seen.keys()
        found += [f"never seen: {' '.join(each)}" for each in sorted(missing - NEVER_SEEN.keys())]
        found += [
            f"excused, but seen or gone: {' '.join(each)}" for each in sorted(NEVER_SEEN.keys() - missing)
        ]
    if FLOWS in whole:
        done = {each[:2] for each, at in seen.items() if FLOWS in at and each[2].startswith("2")}
        found += [
            f"no success in a flow test: {' '.join(each)}" for each in sorted(operations().keys() - done)
        ]
    return found


def template_of(method: str, path: str) -> str | None:
    """The document's path that an address is of; one without parameters wins."""
    return next((each for each, pattern in _patterns(method) if pattern.fullmatch(path)), None)


@cache
def _patterns(method: str) -> list[tuple[str, re.Pattern[str]]]:
    paths = sorted((path for m, path in operations() if m == method), key=lambda path: path.count("{"))
    return [(path, re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))) for path in paths]


def _fault(described: dict[str, Any], response: Any, body: bytes | None) -> str | None:
    content: dict[str, Any] = described.get("content", {})
    if not content:
        return "has a body, but none is documented" if body else None
    given = response.headers.get("content-type", "").partition(";")[0].strip()
    media = next((each for each in content if _matches(each, given)), None)
    if media is None:
        return f"content type {given!r} isn't documented"
    if body is None or given != "application/json":
        return None
    try:
        faults = _validator(media, _Schema(content[media]["schema"])).iter_errors(response.json())
        return "; ".join(f"{each.instance_path}: {each.message[:200]}" for each in faults) or None
    except ValueError:
        return "isn't JSON"


def _untold(body: Any) -> str | None:
    """What docs/api/errors.md doesn't tell of an error."""
    error = body["error"]
    about = body if isinstance(error, str) else error.get("details", error) if "success" in body else error
    faults = about.get("details", about.get("faults", []))
    codes = {about["code"], *(each["code"] for each in faults)} - codes_known() - RENAMED
    return f"docs/api/errors.md doesn't know {', '.join(sorted(codes))}" if codes else None


class _Schema(dict[str, Any]):
    """A schema that can be a key: the document's own object."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(repr(self))


@cache
def _validator(_: str, schema: _Schema) -> Any:
    return jsonschema_rs.validator_for(dict(schema), validate_formats=True)


def _matches(pattern: str, given: str) -> bool:
    kind, _, name = pattern.partition("/")
    return pattern == "*/*" or (name == "*" and given.startswith(f"{kind}/")) or pattern == given


def _watch(client: Any, watching: Callable[[Any], Callable[..., Any]]) -> None:
    client.send = watching(client.send)

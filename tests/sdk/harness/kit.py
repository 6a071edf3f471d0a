"""What a check may use besides its SDK: dials, a receiver of webhooks, `raises`, `guards`, goldens.

Standard library only: it runs in the environment of each SDK.
"""

import contextlib
import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64decode
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

from normalise import normalised

Check = TypeVar("Check", bound=Callable[..., None])

KEY = "sdk-key"
"""The credential that checks and goldens sign in with; `bad-key` is the one that is refused."""


class Sim:
    """One provider of the running simulator, as a check sees it."""

    def __init__(self, url: str, provider: str) -> None:
        self.url = url
        """Scheme, host and port: a provider's own base is `f"{sim.url}/openai/v1"`."""
        self.provider = provider

    def set(self, **knobs: Any) -> None:
        """Turn this provider's dials (`GET /_control` lists them); each check starts with none turned."""
        self.control("PUT", "/settings", {self.provider: knobs})

    def restore(self) -> None:
        """All dials back, and no requests kept."""
        self.control("DELETE", f"/settings?provider={self.provider}")
        self.control("DELETE", f"/requests?provider={self.provider}")

    def log(self) -> list[dict[str, Any]]:
        """The provider's accepted jobs, oldest first, with what they would bill."""
        return self.control("GET", f"/log?provider={self.provider}")["jobs"]  # type: ignore[no-any-return]

    def requests(self) -> list[dict[str, Any]]:
        """The requests that came since `set(record=True)`."""
        return self.control("GET", f"/requests?provider={self.provider}")["requests"]  # type: ignore[no-any-return]

    def control(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Call `/_control`."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_control{path}", data, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return json.load(answer)  # type: ignore[no-any-return]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} /_control{path}: {error.read().decode()}") from error

    def fetch(self, url: str, **headers: str) -> bytes:
        """GET the bytes behind a link, as somebody without the SDK would."""
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as answer:  # noqa: S310
            return answer.read()  # type: ignore[no-any-return]

    @contextlib.contextmanager
    def receiver(self) -> Iterator["Receiver"]:
        """A web server that notes the webhooks it gets: `receiver.url`, `receiver.wait(2)`."""
        receiver = Receiver()
        try:
            yield receiver
        finally:
            receiver.close()


class Golden:
    """Records under a name the one request that is sent inside `with golden("submit"):`."""

    def __init__(self, sim: Sim) -> None:
        self._sim = sim
        self._names = {sim.url: "SIMULATOR", KEY: "KEY"}
        self.requests: dict[str, Any] = {}

    def calls(self, text: str, placeholder: str) -> None:
        """Put `placeholder` where requests recorded from here on say `text`: a job's id, an address."""
        self._names = {text: placeholder, **self._names}

    @contextlib.contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        """Record the block's request; requests of one block that say the same are one."""
        self._sim.control("DELETE", f"/requests?provider={self._sim.provider}")
        self._sim.set(record=True)
        yield
        self._sim.set(record=False)
        seen = [self._normalised(each) for each in self._sim.requests()]
        different = [each for n, each in enumerate(seen) if each not in seen[:n]]
        assert len(different) == 1, f"{step}: one request is expected, not {json.dumps(different, indent=1)}"
        self.requests[step] = different[0]

    def _normalised(self, kept: dict[str, Any]) -> dict[str, Any]:
        headers = dict(kept["headers"])
        body = b64decode(kept["body"])
        return normalised(kept["method"], kept["path"], kept["query"], headers, body, self._names)


class Received:
    """One webhook: header names in lower case, the body as it came."""

    def __init__(self, path: str, headers: dict[str, str], body: bytes) -> None:
        self.path, self.headers, self.body = path, headers, body

    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


class Receiver:
    """Answers 200 to every POST and keeps it."""

    def __init__(self) -> None:
        self._received: list[Received] = []
        self._news = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                headers = {name.lower(): value for name, value in self.headers.items()}
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()
                receiver.keep(Received(self.path, headers, body))

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def keep(self, received: Received) -> None:
        """Note a webhook."""
        with self._news:
            self._received.append(received)
            self._news.notify_all()

    def wait(self, count: int = 1, where: Callable[[Received], bool] = lambda _: True) -> list[Received]:
        """The webhooks that `where` picks, once there are `count`; the check's deadline ends the wait."""
        with self._news:
            self._news.wait_for(lambda: sum(map(where, self._received)) >= count)
            return [each for each in self._received if where(each)]

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


class Raised:
    """Holds what `raises` caught."""

    error: Any = None


@contextlib.contextmanager
def raises(*kinds: type[BaseException]) -> Iterator[Raised]:
    """Demand that the block raises one of these; it is in `.error` afterwards."""
    caught = Raised()
    try:
        yield caught
    except kinds as error:
        caught.error = error
        return
    raise AssertionError(f"{' or '.join(kind.__name__ for kind in kinds)} was not raised")


def until(found: Callable[[], Any]) -> Any:
    """Ask again until there is an answer that is true; the check's deadline ends it."""
    while not (answer := found()):
        time.sleep(0.05)
    return answer


def guards(name: str, **knobs: Any) -> Callable[[Check], Check]:
    """Say what turns the check red: with these dials turned it must fail.

    A name alone is a field that is dropped from every answer. `drop`, `set`, `status`, `path`, `method` and
    `drop_headers` make one alteration; anything else is a dial of the provider.
    """
    parts = ("drop", "set", "status", "path", "method", "drop_headers")
    alteration = {part: knobs.pop(part) for part in parts if part in knobs}
    if isinstance(alteration.get("drop"), str):
        alteration["drop"] = [alteration["drop"]]
    if not alteration and not knobs:
        alteration = {"drop": [name]}
    dials = {**knobs, **({"alter": [alteration]} if alteration else {})}

    def mark(check: Check) -> Check:
        check.guarded = [(name, dials), *getattr(check, "guarded", [])]  # type: ignore[attr-defined]
        return check

    return mark

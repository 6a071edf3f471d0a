"""The layer around all providers: keeps requests as they came, and alters answers."""

import base64
import time
from collections import deque
from typing import Any

from simulator.alteration import Alteration
from simulator.knobs import ControlPanel
from starlette.types import ASGIApp, Message, Receive, Scope, Send

KEPT_REQUESTS = 1000


class Recorder:
    """The last requests of each provider that was told to `record`, oldest first."""

    def __init__(self) -> None:
        self._requests: deque[dict[str, Any]] = deque(maxlen=KEPT_REQUESTS)

    def of(self, provider: str) -> list[dict[str, Any]]:
        """One provider's requests."""
        return [each for each in self._requests if each["provider"] == provider]

    def forget(self, provider: str) -> None:
        """Drop one provider's requests."""
        kept = [each for each in self._requests if each["provider"] != provider]
        self._requests = deque(kept, maxlen=KEPT_REQUESTS)

    def keep(self, provider: str, scope: Scope, body: bytes) -> None:
        """Keep one request whole, with the unix time of its end; its body travels in base64."""
        headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]]
        self._requests.append(
            {
                "provider": provider,
                "at": time.time(),
                "method": scope["method"],
                "path": scope["path"],
                "query": scope["query_string"].decode("latin-1"),
                "headers": headers,
                "body": base64.b64encode(body).decode(),
            }
        )


class Wiretap:
    """The ASGI layer around the simulator's application. Handlers find the provider's knobs in the scope."""

    def __init__(self, app: ASGIApp, panel: ControlPanel, recorder: Recorder) -> None:
        self._app, self._panel, self._recorder = app, panel, recorder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Record the request if asked to, and put what is told in place of the answer."""
        provider = scope["path"].split("/")[1] if scope["type"] == "http" else ""
        knobs = self._panel.providers.get(provider)
        if knobs is None:
            await self._app(scope, receive, send)
            return
        scope["simulator.knobs"] = knobs
        if knobs.record:
            receive = await self._recorded(provider, scope, receive)
        wanted = [each for each in knobs.alter if each.concerns(scope["method"], scope["path"])]
        await self._app(scope, receive, _Altered(send, wanted) if wanted else send)

    async def _recorded(self, provider: str, scope: Scope, receive: Receive) -> Receive:
        messages, body = deque[Message](), b""
        while True:
            message = await receive()
            messages.append(message)
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        self._recorder.keep(provider, scope, body)

        async def again() -> Message:
            return messages.popleft() if messages else await receive()

        return again


class _Altered:
    """Holds an answer back until it is whole, then sends it changed."""

    def __init__(self, send: Send, wanted: list[Alteration]) -> None:
        self._send, self._wanted = send, wanted
        self._start: Message = {}
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body", False):
            return
        for each in self._wanted:
            self._body = each.body(self._body)
        await self._send({**self._start, "status": self._status(), "headers": self._headers()})
        await self._send({"type": "http.response.body", "body": self._body})

    def _status(self) -> int:
        told = [each.status for each in self._wanted if each.status is not None]
        return told[-1] if told else int(self._start["status"])

    def _headers(self) -> list[tuple[bytes, bytes]]:
        gone = {name.lower().encode() for each in self._wanted for name in each.drop_headers}
        kept = [
            (name, value)
            for name, value in self._start["headers"]
            if name.lower() not in gone | {b"content-length"}
        ]
        return [*kept, (b"content-length", str(len(self._body)).encode())]

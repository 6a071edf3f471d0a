"""What surrounds every request: its id, its trace, and an answer even when our code fails."""

import time
from collections.abc import Iterable

import structlog
from contracts.ids import to_text, uuid7
from runtime import trace, tracing
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import metrics
from gateway.inbound.http.operation import Endpoint
from gateway.inbound.http.problems import unexpected
from gateway.inbound.http.surfaces import surface_of

log = structlog.get_logger()

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

Hot = tuple[str, str, Endpoint]
"""A method, a path and what answers them; it answers its own errors."""


class Edge:
    """The outermost layer; `scope["request_id"]` and `scope["traceparent"]` are its gifts.

    `hot` is answered at once: the framework's layers take as long as the route itself.
    """

    def __init__(self, app: ASGIApp, hot: Hot) -> None:
        self._app = app
        self._hot_method, self._hot_path, self._hot = hot

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = scope["request_id"] = to_text("req_", uuid7())
        said = _header(scope, b"traceparent")
        span = tracing.begin(scope["method"], "server", tracing.arrived(said)) if tracing.on() else None
        traceparent = scope["traceparent"] = trace.accept(said) if span is None else span.traceparent
        gifts = ((b"x-request-id", request_id.encode()), (b"traceparent", traceparent.encode()))
        started, began = False, time.perf_counter()

        async def send_with_gifts(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _observe(scope, message["status"], time.perf_counter() - began)
                if span is not None:
                    span.note(_described(scope, message["status"], request_id))
                message["headers"] = [*message.get("headers", ()), *gifts, *_quota(scope)]
            await send(message)

        with trace.within(traceparent):
            try:
                if scope["path"] == self._hot_path and scope["method"] == self._hot_method:
                    response = await self._hot(Request(scope, receive))
                    await response(scope, receive, send_with_gifts)
                else:
                    await self._app(scope, receive, send_with_gifts)
            except ClientDisconnect:
                log.info("client_gone", request_id=request_id, path=scope["path"])
            except Exception:
                log.exception("request_failed", request_id=request_id, path=scope["path"])
                if not started:
                    await unexpected(scope["path"], request_id)(scope, receive, send_with_gifts)
            finally:
                if span is not None:
                    span.end()


def _described(scope: Scope, status: int, request_id: str) -> tracing.Attributes:
    """What a span says of a request: the route, for a path may hold a secret."""
    route = scope.get("route")
    return {
        "http.request.method": scope["method"],
        "http.route": getattr(route, "path", None),
        "http.response.status_code": status,
        "url.scheme": scope["scheme"],
        "framebus.request_id": request_id,
        "framebus.surface": surface_of(scope["path"]).name,
        "error.type": str(status) if status >= 500 else None,
    }


def _observe(scope: Scope, status: int, seconds: float) -> None:
    method = scope["method"] if scope["method"] in _METHODS else "other"
    metrics.REQUESTS.labels(surface_of(scope["path"]).name, method, f"{status // 100}xx").observe(seconds)


def _quota(scope: Scope) -> Iterable[tuple[bytes, bytes]]:
    """What the door left in the scope about the quota that the request counted against."""
    quota = scope.get("quota")
    return ((name.lower().encode(), value.encode()) for name, value in quota.headers.items()) if quota else ()


def _header(scope: Scope, name: bytes) -> str | None:
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return None

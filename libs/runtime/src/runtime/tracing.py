"""Spans by OpenTelemetry, to where an operator has named; else nothing, not even an import of its SDK.

A span's context travels as the `traceparent` that rows, records and requests carry anyway: with tracing on,
it names our span, so that whatever follows becomes its child. Attributes follow OpenTelemetry's semantic
conventions (`http.*`, `messaging.*`), and ours begin with `framebus.`; never a prompt, a secret, or a path
that holds one.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal
from uuid import UUID

import structlog

from runtime import trace

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span as SdkSpan
    from opentelemetry.trace import SpanContext, Tracer

Kind = Literal["internal", "server", "client", "producer", "consumer"]
Value = str | int | float | bool | None
Attributes = Mapping[str, Value]

TASK, ACCOUNT, ATTEMPT = "framebus.task_id", "framebus.account_id", "framebus.attempt"
_NONE: Attributes = MappingProxyType({})
_FLUSH_MS = 3000


@dataclass(frozen=True, slots=True)
class Collector:
    """Where spans go: an OTLP/HTTP endpoint (`http://host:4318`), and the share of traces, 0 to 1."""

    endpoint: str
    ratio: float = 1.0
    headers: Mapping[str, str] = field(default_factory=dict)


class _Sending:
    """What there is while tracing is on."""

    def __init__(self, service: str, collector: Collector) -> None:
        # The SDK takes 20 MB and a quarter of a second: only who traces pays for it.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased  # noqa: PLC0415

        named = Resource.create({"service.name": f"framebus-{service}", "service.namespace": "framebus"})
        sampler = TraceIdRatioBased(collector.ratio)
        self.service, self.bound = service, sampler.bound
        self.provider = TracerProvider(resource=named, sampler=ParentBased(sampler), shutdown_on_exit=False)
        exporter = OTLPSpanExporter(
            endpoint=f"{collector.endpoint.rstrip('/')}/v1/traces", headers=dict(collector.headers), timeout=5
        )
        self.provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=1000))
        self.tracer: Tracer = self.provider.get_tracer("framebus")


_sending: _Sending | None = None
_causes: ContextVar[Mapping[str, str]] = ContextVar("causes", default=MappingProxyType({}))


class Span:
    """One that is under way; `traceparent` names it."""

    __slots__ = ("_span", "traceparent")

    def __init__(self, span: "SdkSpan") -> None:
        self._span = span
        self.traceparent = _text(span.get_span_context())

    def note(self, attributes: Attributes) -> None:
        """Add attributes."""
        self._span.set_attributes(_known(attributes))

    def end(self, error: str | None = None) -> None:
        """It is over; `error` is a class of errors, not what it says: that may hold what nobody shall see."""
        from opentelemetry.trace import StatusCode  # noqa: PLC0415 -- likewise

        if error is not None:
            self._span.set_attribute("error.type", error)
            self._span.set_status(StatusCode.ERROR)
        self._span.end()


def configure(service: str, collector: Collector | None) -> None:
    """Begin to send spans; None: don't."""
    global _sending  # noqa: PLW0603 -- one per process, as with logs and metrics
    _sending = None if collector is None else _Sending(service, collector)


def stop() -> None:
    """Send what is left; takes some seconds when nobody is there to take it."""
    global _sending  # noqa: PLW0603 -- likewise
    if _sending is not None:
        _sending.provider.force_flush(_FLUSH_MS)
        _sending.provider.shutdown()
        _sending = None


def on() -> bool:
    """Whether anything is sent."""
    return _sending is not None


def begin(
    name: str,
    kind: Kind,
    parent: str | None,
    attributes: Attributes = _NONE,
    links: Sequence[str] = (),
) -> Span | None:
    """A span whose end is the caller's to say; None when tracing is off. `links` are traceparents."""
    if _sending is None:
        return None
    from opentelemetry.trace import Link, SpanKind  # noqa: PLC0415 -- likewise

    linked = [Link(context) for each in links if (context := _context(each)) is not None]
    span = _sending.tracer.start_span(
        name,
        context=_parent(parent),
        kind=SpanKind[kind.upper()],
        attributes=_known(attributes),
        links=linked,
    )
    return Span(span)


def arrived(traceparent: str | None) -> str | None:
    """What a stranger's request says of its trace, None if nothing; how many we keep is ours to say."""
    context = _context(traceparent) if traceparent and _sending else None
    if context is None or _sending is None:
        return None
    sampled = context.trace_id & 0xFFFF_FFFF_FFFF_FFFF < _sending.bound
    return f"{trace.accept(traceparent)[:53]}{int(sampled):02x}"


def about(subject: str, key: str | None) -> Attributes:
    """Whose record it is: its subject is a task in most, its key an account where one is known."""
    return {TASK: subject, ACCOUNT: key}


def cause(subject: str) -> str | None:
    """The traceparent of what is being handled about a subject, and so of what is said about it."""
    return _causes.get().get(subject)


@contextlib.contextmanager
def causing(causes: Mapping[str, str]) -> Iterator[None]:
    """Handle a batch: traceparents by their subjects."""
    token = _causes.set(causes)
    try:
        yield
    finally:
        _causes.reset(token)


@contextlib.contextmanager
def within(
    name: str, kind: Kind, attributes: Attributes = _NONE, *, parent: str | None = None
) -> Iterator[Span | None]:
    """Run a block as a span, below `parent` or the current one. Without tracing: as part of the parent."""
    above = parent or trace.current_traceparent()
    span = begin(name, kind, above, attributes)
    if span is None:
        with trace.within(above):
            yield None
        return
    error: str | None = None
    try:
        with trace.within(span.traceparent):
            yield span
    except BaseException as raised:
        error = type(raised).__name__
        raise
    finally:
        span.end(error)


@contextlib.contextmanager
def work(
    name: str, parent: str | None, *, task_id: UUID | None, account_id: UUID, attempt: int | None = None
) -> Iterator[str | None]:
    """Run the work that a worker has claimed: as a span, and its logs name task and account.

    The traceparent of what is said about it: the span's, else the parent.
    """
    task = None if task_id is None else str(task_id)
    attributes: Attributes = {TASK: task, ACCOUNT: str(account_id), ATTEMPT: attempt}
    named = {"task_id": task} if task else {}
    with (
        structlog.contextvars.bound_contextvars(**named, account_id=str(account_id)),
        within(name, "internal", attributes, parent=parent if _sending else trace.accept(parent)) as span,
    ):
        yield parent if span is None else span.traceparent


def _text(context: "SpanContext") -> str:
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


def _context(traceparent: str) -> "SpanContext | None":
    from opentelemetry.trace import SpanContext, TraceFlags  # noqa: PLC0415 -- likewise

    if trace.accept(traceparent) != traceparent:
        return None
    _, trace_id, span_id, flags = traceparent.split("-")
    made = SpanContext(int(trace_id, 16), int(span_id, 16), True, TraceFlags(int(flags, 16)))
    return made if made.is_valid else None


def _parent(traceparent: str | None) -> "Context":
    from opentelemetry.context import Context  # noqa: PLC0415 -- likewise
    from opentelemetry.trace import NonRecordingSpan, set_span_in_context  # noqa: PLC0415 -- likewise

    context = _context(traceparent) if traceparent else None
    return Context() if context is None else set_span_in_context(NonRecordingSpan(context), Context())


def _known(attributes: Attributes) -> dict[str, str | int | float | bool]:
    return {name: value for name, value in attributes.items() if value is not None}

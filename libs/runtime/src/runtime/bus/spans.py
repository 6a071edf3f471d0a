"""The spans of what is read: one per record, below what was sent, and one per batch, linked to them."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from contracts.envelope import Envelope

from runtime import trace, tracing
from runtime.tracing import Span

if TYPE_CHECKING:
    from runtime.bus.record import Item, Raw


@dataclass(frozen=True, slots=True)
class Handling:
    """A record's span while it is handled."""

    subject: str
    span: Span


def received(record: "Raw", read: Envelope) -> tuple[Envelope, Handling | None]:
    """Begin a record's span; the envelope then names it, so that facts carry it on."""
    attributes: tracing.Attributes = {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.operation.name": "process",
        "messaging.destination.name": record.topic,
        "messaging.destination.partition.id": str(record.partition),
        "messaging.kafka.offset": record.offset,
        "messaging.message.id": read.id,
        **tracing.about(read.subject, None if record.key is None else record.key.decode("utf-8", "replace")),
    }
    span = tracing.begin(f"process {record.topic}", "consumer", read.traceparent, attributes)
    if span is None:
        return read, None
    return replace(read, traceparent=span.traceparent), Handling(read.subject, span)


@contextlib.contextmanager
def handled(items: Sequence["Item"]) -> Iterator[None]:
    """Handle a batch: what is said of a subject meanwhile comes of its record."""
    handling = [item.handling for item in items if item.handling is not None]
    if not handling:
        yield
        return
    attributes: tracing.Attributes = {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.batch.message_count": len(items),
    }
    links = [each.span.traceparent for each in handling]
    batch = tracing.begin("process batch", "internal", None, attributes, links)
    error: str | None = None
    try:
        with (
            tracing.causing({each.subject: each.span.traceparent for each in handling}),
            trace.within(batch.traceparent if batch else None),
        ):
            yield
    except BaseException as raised:
        error = type(raised).__name__
        raise
    finally:
        for item in items:
            if item.handling is not None:
                item.handling.span.end(error or (item.fault.reason if item.fault else None))
        if batch is not None:
            batch.end(error)

"""Say it by writing it down: events become outbox rows in the caller's transaction."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import orjson
from contracts import envelope, topics
from contracts.events import DeadLetter, Event

from runtime import tracing
from runtime.db import Tx
from runtime.trace import current_traceparent
from runtime.tracing import Span

_INSERT = """
INSERT INTO outbox (topic, key, event_id, subject, traceparent, value, epoch)
SELECT r.topic, r.key, r.event_id, r.subject, r.traceparent, r.value,
       (SELECT epoch FROM recovery)
FROM json_to_recordset($1::json) AS r(topic text, key text, event_id text, subject text, traceparent text,
                                      value json)
"""


MAX_VALUE_BYTES = 900_000
"""Below Kafka's default limit of a record with its headers: a row that can't be sent stops the relay."""


@dataclass(frozen=True, slots=True)
class Message:
    """An event on its way out. `fact` and `n` make its id: the same fact has the same id for ever."""

    event: Event
    key: str
    subject: str
    fact: str
    n: int = 1
    traceparent: str | None = None


class Nudge(Protocol):
    """Whoever wants to know that rows were committed."""

    async def __call__(self) -> None:
        """Called after the commit."""


class Outbox:
    """The recorder of one service; it refuses a topic that another service writes."""

    def __init__(self, service: str, nudge: Nudge | None = None) -> None:
        self._service = service
        self._nudge = nudge

    async def record(self, tx: Tx, messages: Iterable[Message]) -> int:
        """Write the messages into the outbox; their number. Raises ValueError for what can't be sent."""
        spans: list[Span] = []
        rows = [self._row(message, spans) for message in messages]
        if rows:
            await tx.execute(_INSERT, orjson.dumps(rows).decode())
            if spans:
                tx.after_commit(f"spans:{id(spans)}", lambda: _end(spans))
            if self._nudge is not None:
                tx.after_commit("outbox", self._nudge)
        return len(rows)

    def _row(self, message: Message, spans: list[Span]) -> dict[str, object]:
        topic = self._topic(message.event)
        value = message.event.model_dump_json().encode()
        if len(value) > MAX_VALUE_BYTES:
            raise ValueError(f"{topic.name} of {message.subject}: {len(value)} bytes don't ride the bus")
        event_id = envelope.event_id(self._service, message.subject, message.fact, message.n)
        return {
            "topic": topic.name,
            "key": message.key,
            "event_id": event_id,
            "subject": message.subject,
            "traceparent": _traceparent(message, topic.name, event_id, spans),
            "value": orjson.Fragment(value),
        }

    def _topic(self, event: Event) -> topics.Topic:
        if isinstance(event, DeadLetter):
            topic = topics.TOPICS[f"{event.service}.dlq"]
        else:
            topic = topics.topic_of(event)
        if topic.writer != self._service:
            raise ValueError(f"{topic.name} is written by {topic.writer}, not by {self._service}")
        return topic


def _traceparent(message: Message, topic: str, event_id: str, spans: list[Span]) -> str | None:
    """What the event comes of; with tracing on, the span of its sending, which ends with the commit."""
    parent = tracing.cause(message.subject) or message.traceparent or current_traceparent()
    if not tracing.on():
        return parent
    attributes: tracing.Attributes = {
        "messaging.system": "kafka",
        "messaging.operation.type": "send",
        "messaging.operation.name": "send",
        "messaging.destination.name": topic,
        "messaging.message.id": event_id,
        **tracing.about(message.subject, message.key),
    }
    span = tracing.begin(f"send {topic}", "producer", parent, attributes)
    if span is None:
        return parent
    spans.append(span)
    return span.traceparent


def _end(spans: list[Span]) -> None:
    for span in spans:
        span.end()

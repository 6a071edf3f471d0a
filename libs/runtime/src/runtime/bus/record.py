"""From a raw Kafka record to a fact, or to the reason why it can't be one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from contracts import envelope, topics
from contracts.envelope import Envelope, EnvelopeError
from contracts.events import Event
from pydantic import ValidationError

from runtime.bus import spans
from runtime.bus.spans import Handling

Translator = Callable[[Any, Envelope], Any]
"""One per topic consumed: the event and its envelope in, the service's own fact out."""


class Raw(Protocol):
    """What is used of aiokafka's ConsumerRecord."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Any


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a record is a dead letter: a stable reason and the sentence for a person."""

    reason: str
    error: str


@dataclass(frozen=True, slots=True)
class Item:
    """A record with its fact, or with its fault."""

    record: Raw
    fact: Any = None
    fault: Fault | None = None
    handling: Handling | None = None


def decode(record: Raw, translators: Mapping[str, Translator]) -> Item:
    """Never raises: what can't be read comes back with its fault."""
    try:
        read, handling = spans.received(record, envelope.parse(record.headers))
    except EnvelopeError as error:
        return Item(record, fault=Fault(error.reason, str(error)))
    try:
        event = _event(record, read)
        return Item(record, translators[record.topic](event, read), handling=handling)
    except ValidationError as error:
        fault = Fault("schema_invalid", str(error)[:2000])
    except _UnknownVersion as error:
        fault = Fault("unknown_version", str(error))
    except Exception as error:
        fault = Fault("untranslatable", f"{type(error).__name__}: {error}"[:2000])
    return Item(record, fault=fault, handling=handling)


class _UnknownVersion(Exception):
    pass


def _event(record: Raw, read: Envelope) -> Event:
    topic = topics.TOPICS[record.topic]
    if read.type != topic.type:
        raise _UnknownVersion(f"{read.type} is not {topic.type}: upgrade this reader, then replay")
    if not record.value:
        raise ValueError("the record has no value")
    return topic.event.model_validate_json(record.value)

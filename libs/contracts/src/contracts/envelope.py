"""The envelope: CloudEvents 1.0 attributes in Kafka headers (binary mode), the event itself as the value.

`ce_id` is `{source}:{subject}:{fact}:{n}`: the same fact has the same id, also when it is replayed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

SPEC_VERSION = "1.0"
CONTENT_TYPE = "application/json"


class EnvelopeError(ValueError):
    """A record whose headers are not an envelope of ours; `reason` is a stable code."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the headers of a record say."""

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    traceparent: str | None = None


def event_id(source: str, subject: str, fact: str, n: int = 1) -> str:
    """The id of the n-th saying of a fact about a subject."""
    return f"{source}:{subject}:{fact}:{n}"


def headers(
    *, event: str, source: str, kind: str, subject: str, time: datetime, traceparent: str | None = None
) -> dict[str, str]:
    """The headers of a record, as text: `event` is its `ce_id`, `kind` its `ce_type`."""
    values = {
        "ce_specversion": SPEC_VERSION,
        "ce_id": event,
        "ce_source": source,
        "ce_type": kind,
        "ce_subject": subject,
        "ce_time": time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "content-type": CONTENT_TYPE,
    }
    if traceparent:
        values["traceparent"] = traceparent
    return values


def parse(pairs: Iterable[tuple[str, bytes | None]]) -> Envelope:
    """Read a record's headers. Raises EnvelopeError when a required attribute is missing or unreadable."""
    values: dict[str, str] = {}
    for key, value in pairs:
        if value is not None:
            values[key] = value.decode("utf-8", "replace")
    try:
        return Envelope(
            id=values["ce_id"],
            source=values["ce_source"],
            type=values["ce_type"],
            subject=values["ce_subject"],
            time=datetime.fromisoformat(values["ce_time"]),
            traceparent=values.get("traceparent"),
        )
    except KeyError as missing:
        raise EnvelopeError("envelope_incomplete", f"header {missing} is missing") from None
    except ValueError as bad:
        raise EnvelopeError("envelope_unreadable", str(bad)) from None

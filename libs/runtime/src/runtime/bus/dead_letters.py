"""Dead letters: a row with the whole record, and a record on `<service>.dlq`."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from contracts.events import DeadLetter

from runtime.bus.record import Item
from runtime.db import Tx, rows
from runtime.outbox.recorder import Message, Outbox

DDL = """
CREATE TABLE dead_letters (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    topic_id text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    subject text,
    key bytea,
    headers jsonb NOT NULL,
    value bytea,
    reason text NOT NULL,
    error text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    replayed_at timestamptz,
    UNIQUE (topic_id, partition, "offset")
);
CREATE INDEX dead_letters_open ON dead_letters (subject) WHERE replayed_at IS NULL;  -- holds with an open one
"""

_INSERT = """
INSERT INTO dead_letters (topic, topic_id, partition, "offset", subject, key, headers, value, reason, error)
SELECT topic, topic_id, partition, "offset", subject, decode(key, 'hex'), headers, decode(value, 'hex'),
       reason, error
FROM json_to_recordset($1::json) AS r(topic text, topic_id text, partition int, "offset" bigint, subject text,
                                      key text, headers jsonb, value text, reason text, error text)
ON CONFLICT DO NOTHING
"""


class TooManyDeadLetters(Exception):
    """The reader stops: this many faults are an outage or a bad release, not single bad records."""


class Limiter:
    """Counts dead letters over the last minute: those written, for a failed try may come again and again."""

    def __init__(self, per_minute: int) -> None:
        self._limit = per_minute
        self._times: deque[float] = deque()

    def check(self, count: int) -> None:
        """Raises TooManyDeadLetters when the minute has no room for so many more."""
        now = time.monotonic()
        while self._times and now - self._times[0] > 60:
            self._times.popleft()
        if len(self._times) + count > self._limit:
            raise TooManyDeadLetters(f"more than {self._limit} dead letters within a minute")

    def count(self, count: int) -> None:
        """So many were written."""
        self._times.extend([time.monotonic()] * count)


async def write(tx: Tx, outbox: Outbox, service: str, items: Sequence[Item], ids: Mapping[str, str]) -> None:
    """Keep the records and say so."""
    await tx.execute(_INSERT, rows(_row(item, ids) for item in items))
    await outbox.record(tx, [_message(service, item) for item in items])


def _row(item: Item, ids: Mapping[str, str]) -> dict[str, object]:
    record, fault = item.record, item.fault
    assert fault is not None
    headers = {_text(name.encode("utf-8", "replace")): _text(value) for name, value in record.headers}
    return {
        "topic": record.topic,
        "topic_id": ids[record.topic],
        "partition": record.partition,
        "offset": record.offset,
        "subject": headers.get("ce_subject"),
        "key": None if record.key is None else record.key.hex(),
        "headers": headers,
        "value": None if record.value is None else record.value.hex(),
        "reason": fault.reason,
        "error": fault.error.replace("\0", ""),
    }


def _message(service: str, item: Item) -> Message:
    record, fault = item.record, item.fault
    assert fault is not None
    event = DeadLetter(
        service=service,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        reason=fault.reason,
        error=fault.error.replace("\0", ""),
        at=datetime.now(UTC),
    )
    subject = f"{record.topic}/{record.partition}/{record.offset}"
    return Message(event, key=_text(record.key), subject=subject, fact="dead_letter")


def _text(value: bytes | None) -> str:
    """Readable, and without what jsonb refuses."""
    return (value or b"").decode("utf-8", "replace").replace("\0", "")

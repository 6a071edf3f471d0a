"""The envelope: CloudEvents 1.0 in Kafka's binary mode, and what a strange record's headers become."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from contracts import envelope
from contracts.envelope import Envelope, EnvelopeError
from hypothesis import given
from hypothesis import strategies as st

TIME = datetime(2026, 3, 2, 9, 15, 4, 120311, UTC)
ID = envelope.event_id("ledger", "0193b204", "settled")


def written(**changes: str) -> dict[str, str]:
    values = {"event": ID, "source": "ledger", "kind": "task.settled.v1", "subject": "0193b204", **changes}
    return envelope.headers(time=TIME, **values)


def as_pairs(headers: dict[str, str]) -> list[tuple[str, bytes | None]]:
    return [(name, text.encode()) for name, text in headers.items()]


def test_the_headers_are_the_cloudevents_attributes_of_kafkas_binary_mode() -> None:
    assert written() == {
        "ce_specversion": "1.0",
        "ce_id": "ledger:0193b204:settled:1",
        "ce_source": "ledger",
        "ce_type": "task.settled.v1",
        "ce_subject": "0193b204",
        "ce_time": "2026-03-02T09:15:04.120311Z",
        "content-type": "application/json",
    }


def test_the_trace_is_carried_when_there_is_one() -> None:
    assert written(traceparent="00-a-b-01")["traceparent"] == "00-a-b-01"


def test_the_nth_saying_of_a_fact_has_its_own_id() -> None:
    assert envelope.event_id("gateway", "t", "requested", 3) == "gateway:t:requested:3"


names = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=40)
zones = st.integers(-14, 14).map(lambda hours: timezone(timedelta(hours=hours)))
times = st.datetimes(datetime(1970, 1, 2), datetime(2999, 1, 1), timezones=zones)  # noqa: DTZ001


@given(names, names, names, names, times, st.none() | names)
def test_what_was_written_is_read_back(
    event: str, source: str, kind: str, subject: str, time: datetime, trace: str | None
) -> None:
    headers = envelope.headers(
        event=event, source=source, kind=kind, subject=subject, time=time, traceparent=trace
    )
    assert envelope.parse(as_pairs(headers)) == Envelope(event, source, kind, subject, time, trace)


@pytest.mark.parametrize("name", ["ce_id", "ce_source", "ce_type", "ce_subject", "ce_time"])
def test_a_missing_attribute_is_named(name: str) -> None:
    without = {key: value for key, value in written().items() if key != name}
    for pairs in (as_pairs(without), [*as_pairs(without), (name, None)]):
        with pytest.raises(EnvelopeError) as refused:
            envelope.parse(pairs)
        assert refused.value.reason == "envelope_incomplete"
        assert name in str(refused.value)


@pytest.mark.parametrize("time", [b"yesterday", b"", b"\xff"])
def test_an_unreadable_time_is_a_fault(time: bytes) -> None:
    with pytest.raises(EnvelopeError) as refused:
        envelope.parse([*as_pairs(written()), ("ce_time", time)])
    assert refused.value.reason == "envelope_unreadable"


def test_unknown_and_broken_headers_beside_it_do_no_harm() -> None:
    strange: list[tuple[str, bytes | None]] = [("x-null", None), ("x-bytes", b"\xff\xfe"), ("", b"")]
    assert envelope.parse([*strange, *as_pairs(written())]).id == ID


@given(st.lists(st.tuples(names, st.none() | st.binary())))
def test_no_headers_whatever_raise_anything_else(pairs: list[tuple[str, bytes | None]]) -> None:
    with pytest.raises(EnvelopeError):
        envelope.parse(pairs)

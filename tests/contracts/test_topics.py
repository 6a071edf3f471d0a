"""The topic table: one writer each, the readers named, an event of its own."""

from collections import Counter

import pytest
from contracts import topics
from contracts.events import DeadLetter, Event
from contracts.topics import SERVICES, TOPICS, Topic

# As DESIGN's table has it, without the topics that nothing uses yet; written by hand on purpose.
EXPECTED = {
    "task.requested": ("gateway", {"ledger", "dispatcher"}),
    "task.cancel_requested": ("gateway", {"dispatcher"}),
    "task.deleted": ("gateway", {"dispatcher", "storage", "callbacks"}),
    "credits.granted": ("gateway", {"ledger"}),
    "credits.frozen": ("ledger", {"dispatcher", "gateway"}),
    "task.settled": ("ledger", {"gateway", "dispatcher"}),
    "credits.changed": ("ledger", {"gateway"}),
    "provider.reported": ("callbacks", {"dispatcher"}),
    "task.progress": ("dispatcher", {"gateway"}),
    "provider.completed": ("dispatcher", {"storage", "ledger", "gateway"}),
    "asset.stored": ("storage", {"ledger", "gateway"}),
    "task.finished": ("gateway", {"callbacks"}),
    "account.notice": ("gateway", {"callbacks"}),
    "webhook.delivered": ("callbacks", {"gateway"}),
    "gateway.dlq": ("gateway", set()),
    "ledger.dlq": ("ledger", set()),
    "dispatcher.dlq": ("dispatcher", set()),
    "callbacks.dlq": ("callbacks", set()),
    "storage.dlq": ("storage", set()),
}
EVERY = pytest.mark.parametrize("topic", TOPICS.values(), ids=lambda topic: topic.name)


def test_the_table_is_the_designs() -> None:
    assert {name: (t.writer, set(t.readers)) for name, t in TOPICS.items()} == EXPECTED


@EVERY
def test_a_topic_has_one_writer_and_known_readers(topic: Topic) -> None:
    assert topic.writer in SERVICES
    assert set(topic.readers) <= set(SERVICES) - {topic.writer}
    assert len(set(topic.readers)) == len(topic.readers)
    assert topic.says
    assert topic.key


@EVERY
def test_a_topic_is_found_under_its_name_and_versioned_in_its_type(topic: Topic) -> None:
    assert TOPICS[topic.name] is topic
    assert topic.type == f"{topic.name}.v{topic.version}"
    assert topic.name == topic.name.lower()


def test_an_event_tells_its_topic() -> None:
    events = Counter(topic.event for topic in TOPICS.values())
    for event, count in events.items():
        assert count == 1 or event is DeadLetter
        if event is not DeadLetter:
            name = next(name for name, topic in TOPICS.items() if topic.event is event)
            assert topics.topic_of(event.model_construct()).name == name


def test_an_event_without_a_topic_is_an_error() -> None:
    with pytest.raises(LookupError):
        topics.topic_of(Event())


def test_whoever_reads_something_has_dead_letters() -> None:
    for service in SERVICES:
        assert (f"{service}.dlq" in TOPICS) == bool(topics.read_by(service))


def test_reading_and_writing_by_service_agree_with_the_table() -> None:
    for service in SERVICES:
        assert {t.name for t in topics.read_by(service)} == {
            n for n, (_, r) in EXPECTED.items() if service in r
        }
        assert {t.name for t in topics.written_by(service)} == {
            n for n, (w, _) in EXPECTED.items() if service == w
        }

"""The code's topology is the topic table: who says what, and who listens."""

import ast
import json
from typing import Any

import pytest
from built_services import EVERY_SERVICE, built, package
from contracts.docs import EXAMPLES
from contracts.topics import SERVICES, TOPICS, Topic, read_by, written_by
from runtime.bus.consumer import Bus
from runtime.outbox.recorder import Message, Outbox


class Tx:
    """Takes down what would be written."""

    def __init__(self) -> None:
        self.written: list[str] = []

    async def execute(self, _: str, *args: Any) -> int:
        self.written += [row["topic"] for row in json.loads(args[0])]
        return len(self.written)

    def after_commit(self, *_: Any) -> None:
        raise AssertionError("there is nobody to nudge")


def message(topic: Topic) -> Message:
    example = sorted((EXAMPLES / topic.type).glob("*.json"))[0]
    event = topic.event.model_validate_json(example.read_bytes())
    return Message(event, key="account", subject="task", fact="said")


@EVERY_SERVICE
async def test_a_service_subscribes_to_exactly_what_the_table_says_it_reads(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    buses = [part for part in built(service, monkeypatch).parts if isinstance(part, Bus)]
    expected = {topic.name for topic in read_by(service)}
    subscribed = [name for bus in buses for name in bus._translators]
    assert sorted(subscribed) == sorted(expected)
    assert len(buses) == bool(expected), "one subscription per service"


@EVERY_SERVICE
@pytest.mark.parametrize("topic", TOPICS.values(), ids=lambda topic: topic.name)
async def test_the_outbox_takes_a_services_own_topics_and_refuses_foreign_ones(
    service: str, topic: Topic
) -> None:
    tx: Any = Tx()
    if topic.writer == service:
        assert await Outbox(service).record(tx, [message(topic)]) == 1
        assert tx.written == [topic.name]
    else:
        with pytest.raises(ValueError, match=f"is written by {topic.writer}, not by {service}"):
            await Outbox(service).record(tx, [message(topic)])
        assert tx.written == []


@EVERY_SERVICE
def test_a_services_outbound_events_are_exactly_those_it_writes(service: str) -> None:
    """The dead letters are said by the bus."""
    owned = {topic.event.__name__ for topic in written_by(service) if topic.name != f"{service}.dlq"}
    topical = {topic.event.__name__ for topic in TOPICS.values()}
    assert _names(package(service) / "outbound" / "events.py") & topical == owned


def test_every_topic_is_said_by_one_service_and_heard_by_its_readers() -> None:
    for topic in TOPICS.values():
        assert [s for s in SERVICES if topic in written_by(s)] == [topic.writer]
        assert {s for s in SERVICES if topic in read_by(s)} == set(topic.readers)


def _names(path: Any) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}

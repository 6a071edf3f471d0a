"""What is committed is what the models say, and stays readable for ever."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from contracts import docs
from contracts.docs import EXAMPLES, REPOSITORY, SCHEMAS
from contracts.events import Event
from contracts.topics import TOPICS, Topic
from pydantic import create_model

CURRENT = {topic.type: topic for topic in TOPICS.values()}
EXAMPLE_FILES = sorted(EXAMPLES.glob("*/*.json"))


def test_schemas_and_the_flow_page_are_what_the_models_say() -> None:
    assert docs.run(SCHEMAS, REPOSITORY / "docs" / "flow.md", check=True) == []


def test_every_schema_belongs_to_a_topic_at_this_version_or_an_earlier_one() -> None:
    for path in SCHEMAS.glob("*.json"):
        name, _, version = path.stem.rpartition(".v")
        assert name in TOPICS, f"{path.name}: a topic in use has gone from the table"
        assert 1 <= int(version) <= TOPICS[name].version


@pytest.mark.parametrize("schema", sorted(SCHEMAS.glob("*.json")), ids=lambda path: path.stem)
def test_every_version_of_an_event_has_at_least_two_examples(schema: Path) -> None:
    assert len(list((EXAMPLES / schema.stem).glob("*.json"))) >= 2


@pytest.mark.parametrize("path", EXAMPLE_FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_an_example_is_valid_by_its_schema_and_nothing_of_it_is_lost(path: Path) -> None:
    example = json.loads(path.read_text("utf-8"))
    schema = json.loads((SCHEMAS / f"{path.parent.name}.json").read_text("utf-8"))
    jsonschema_rs.validator_for(schema, validate_formats=True).validate(example)
    if topic := CURRENT.get(path.parent.name):
        event = topic.event.model_validate_json(path.read_bytes())
        assert_contains(event.model_dump(mode="json"), example, at="$")
        assert topic.event.model_validate_json(event.model_dump_json()) == event


def assert_contains(whole: Any, part: Any, at: str) -> None:
    if isinstance(part, dict):
        for name, value in part.items():
            assert name in whole, f"{at}.{name} was dropped"
            assert_contains(whole[name], value, f"{at}.{name}")
    elif isinstance(part, list):
        assert len(whole) == len(part)
        for index, value in enumerate(part):
            assert_contains(whole[index], value, f"{at}[{index}]")
    else:
        assert _moment(whole) == _moment(part), at


def _moment(value: Any) -> Any:
    """Pydantic writes 41.5 as 41.500000."""
    if isinstance(value, str) and value.endswith("Z") and value[:2] == "20":
        whole, _, fraction = value[:-1].partition(".")
        return f"{whole}.{fraction:0<6}"
    return value


@pytest.mark.parametrize("topic", TOPICS.values(), ids=lambda topic: topic.name)
def test_an_event_with_fields_of_a_newer_writer_is_read(topic: Topic) -> None:
    path = sorted((EXAMPLES / topic.type).glob("*.json"))[0]
    example = json.loads(path.read_text("utf-8"))
    assert topic.event.model_validate({**example, "added_later": [1]}) == topic.event.model_validate(example)


def _topic(**fields: Any) -> Topic:
    event = create_model("Noted", __base__=Event, **fields)
    return Topic("note.taken", "a note", "gateway", ("ledger",), event)


def test_a_compatible_change_is_written_over_the_old_schema(tmp_path: Path) -> None:
    flow = tmp_path / "docs" / "flow.md"
    first = {"note.taken": _topic(text=(str, ...))}
    second = {"note.taken": _topic(text=(str, ...), mood=(str | None, None))}
    assert docs.run(tmp_path, flow, check=False, topics=first) == []
    assert docs.run(tmp_path, flow, check=True, topics=second) == [
        "note.taken.v1.json: differs from the event's model"
    ]
    assert docs.run(tmp_path, flow, check=False, topics=second) == []
    assert docs.run(tmp_path, flow, check=True, topics=second) == []


def test_an_incompatible_change_is_refused_until_the_version_is_raised(tmp_path: Path) -> None:
    flow = tmp_path / "flow.md"
    docs.run(tmp_path, flow, check=False, topics={"note.taken": _topic(text=(str, ...))})
    before = (tmp_path / "note.taken.v1.json").read_text()
    changed = _topic(text=(int, ...), mood=(str, ...))
    for check in (True, False):
        [wrong] = docs.run(tmp_path, flow, check=check, topics={"note.taken": changed})
        assert "$.text: type changed" in wrong
        assert "$.mood: became required" in wrong
        assert (tmp_path / "note.taken.v1.json").read_text() == before

    raised = Topic("note.taken", "a note", "gateway", ("ledger",), changed.event, version=2)
    assert docs.run(tmp_path, flow, check=False, topics={"note.taken": raised}) == []
    assert (tmp_path / "note.taken.v1.json").read_text() == before
    assert (tmp_path / "note.taken.v2.json").exists()


def test_the_command_fails_when_something_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docs, "SCHEMAS", tmp_path)
    monkeypatch.setattr("sys.argv", ["contracts.docs", "--check"])
    with pytest.raises(SystemExit) as ended:
        docs.main()
    assert "task.requested.v1.json: is missing" in str(ended.value.code)
    assert not list(tmp_path.iterdir())

"""`python -m contracts.docs [--check]`: writes what is generated from the topic table and the event models.

`schemas/<topic>.v<n>.json` is the JSON Schema of each event, `docs/flow.md` the picture and the table of the
flow. A schema is never overwritten by one that is incompatible with it: the topic's version must be raised,
and the old file stays. `--check` writes nothing and fails when something would be written or refused.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from contracts.compat import incompatibilities
from contracts.topics import SERVICES, TOPICS, Topic

SCHEMAS = Path(__file__).parent / "schemas"
EXAMPLES = Path(__file__).parent / "examples"
REPOSITORY = Path(__file__).parents[4]
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True, slots=True)
class Finding:
    """A generated file that isn't as it should be; `refused` when it must not be written."""

    path: Path
    message: str
    text: str
    refused: bool = False


class _Generator(GenerateJsonSchema):
    """JSON Schema without the titles that only repeat the names of fields."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 -- pydantic's signature
        """Never."""
        return False


def schema_of(topic: Topic) -> dict[str, Any]:
    """The JSON Schema of a topic's event, as a reader accepts it."""
    mode: JsonSchemaMode = "validation"
    schema = topic.event.model_json_schema(schema_generator=_Generator, mode=mode)
    return {"$schema": _DIALECT, "$id": f"urn:framebus:{topic.type}", **schema}


def findings(schemas: Path, flow: Path, topics: Mapping[str, Topic] = TOPICS) -> Iterator[Finding]:
    """What differs from the files that are there."""
    for topic in topics.values():
        path = schemas / f"{topic.type}.json"
        yield from _schema_findings(path, schema_of(topic))
    text = flow_page(topics)
    if _read(flow) != text:
        yield Finding(flow, "differs from the topic table", text)


def _schema_findings(path: Path, schema: dict[str, Any]) -> Iterator[Finding]:
    text, before = json.dumps(schema, indent=2, ensure_ascii=False) + "\n", _read(path)
    if before == text:
        return
    problems = incompatibilities(json.loads(before), schema) if before else []
    if problems:
        raise_it = "raise the topic's version or take the change back"
        message = f"incompatible: {'; '.join(problems)}; {raise_it}"
        yield Finding(path, message, text, refused=True)
    else:
        yield Finding(path, "differs from the event's model" if before else "is missing", text)


def flow_page(topics: Mapping[str, Topic]) -> str:
    """`docs/flow.md`: who says what, and who listens."""
    return "\n".join([*_HEAD, *_picture(topics), *_TABLE_HEAD, *map(_row, topics.values()), *_FOOT, ""])


_HEAD = [
    "# The flow",
    "",
    "Generated from `libs/contracts/src/contracts/topics.py` by `make flow`; don't edit.",
    "",
    "Every topic has one writer, the service that owns the fact. No order is assumed across topics.",
    "",
]
_TABLE_HEAD = ["", "| topic | says | key | writer | readers |", "|---|---|---|---|---|"]
_FOOT = [
    "",
    "A record's value is the event as JSON, its headers are CloudEvents attributes (`libs/contracts`).",
    "Schemas: `libs/contracts/src/contracts/schemas/`; examples: `libs/contracts/src/contracts/examples/`.",
]


def _picture(topics: Mapping[str, Topic]) -> Iterator[str]:
    """Services as boxes, topics as pills; dead letters are left out."""
    shown = [topic for topic in topics.values() if topic.readers]
    yield "```mermaid"
    yield "flowchart LR"
    yield from (f"    {service}[{service}]" for service in SERVICES)
    for topic in shown:
        node = topic.name.replace(".", "_")
        yield f'    {topic.writer} --> {node}(["{topic.name}"]) --> {" & ".join(topic.readers)}'
    yield "```"


def _row(topic: Topic) -> str:
    readers = ", ".join(topic.readers) or "its replay command"
    return f"| `{topic.name}` | {topic.says} | {topic.key} | {topic.writer} | {readers} |"


def _read(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None


def run(schemas: Path, flow: Path, *, check: bool, topics: Mapping[str, Topic] = TOPICS) -> list[str]:
    """Write the files, or with `check` only look; what is wrong afterwards, a line each."""
    wrong = []
    for finding in findings(schemas, flow, topics):
        if check or finding.refused:
            wrong.append(f"{finding.path.name}: {finding.message}")
        else:
            finding.path.parent.mkdir(parents=True, exist_ok=True)
            finding.path.write_text(finding.text, "utf-8")
    return wrong


def main() -> None:
    """The command line; exit code 1 when something is wrong."""
    parser = argparse.ArgumentParser(prog="contracts.docs", description="Write schemas and docs/flow.md.")
    parser.add_argument("--check", action="store_true", help="write nothing, fail when something differs")
    wrong = run(SCHEMAS, REPOSITORY / "docs" / "flow.md", check=parser.parse_args().check)
    sys.exit("\n".join([*wrong, "run `make flow`"]) if wrong else 0)


if __name__ == "__main__":
    main()

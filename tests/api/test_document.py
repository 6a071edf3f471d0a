"""The OpenAPI document says something about everything, and shows an example of every body."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
from api_document import document, operations
from gateway.inbound.http.openapi.samples import UNKNOWN

JSON = "application/json"


def schemas() -> Iterator[tuple[str, Any]]:
    """Every schema of the document, and those inside, with where it is."""
    for (method, path), operation in operations().items():
        where = f"{method} {path}"
        for parameter in operation.get("parameters", ()):
            yield from inside(f"{where} ?{parameter['name']}", parameter["schema"])
        for name, described in bodies(operation):
            for kind, content in described.get("content", {}).items():
                yield from inside(f"{where} {name} {kind}", content["schema"])


def bodies(operation: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What is sent, and what is answered by status."""
    if "requestBody" in operation:
        yield "body", operation["requestBody"]
    yield from operation["responses"].items()


def inside(where: str, schema: Any) -> Iterator[tuple[str, Any]]:
    yield where, schema
    for name, each in schema.get("properties", {}).items():
        yield from inside(f"{where}.{name}", each)
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            yield from inside(f"{where}.{name}", schema[name])
    for each in [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())]:
        yield from inside(where, each)


def says_nothing(schema: Any) -> bool:
    """An object of which neither names nor meaning are told counts as well."""
    if not schema or schema is True:
        return True
    told = {"properties", "additionalProperties", "description", "enum", "const"}
    return schema.get("type") == "object" and not told & schema.keys()


def texts(value: Any) -> Iterator[str]:
    match value:
        case dict():
            yield from (text for each in value.values() for text in texts(each))
        case list():
            yield from (text for each in value for text in texts(each))
        case str():
            yield value


def test_no_schema_is_empty() -> None:
    assert [where for where, schema in schemas() if says_nothing(schema)] == []


def test_every_operation_has_a_summary_and_a_success() -> None:
    for each, operation in operations().items():
        assert operation.get("summary"), each
        assert any(status.startswith("2") for status in operation["responses"]), each
        assert all(answer.get("description") for answer in operation["responses"].values()), each


def test_every_json_body_has_an_example_that_its_schema_allows() -> None:
    wrong = []
    for (method, path), operation in operations().items():
        for name, described in bodies(operation):
            content = described.get("content", {}).get(JSON)
            if content is None:
                continue
            where, example = f"{method} {path} {name}", content["example"]
            faults = jsonschema_rs.validator_for(content["schema"]).iter_errors(example)
            wrong += [f"{where}: {each.instance_path} {each.message}" for each in faults]
            if UNKNOWN in texts(example):
                wrong.append(f"{where}: a text in its example needs a value in openapi/samples.py")
    assert wrong == []


def test_an_error_is_shown_in_the_shape_of_its_surface() -> None:
    shown = {
        path: operations()["GET", path]["responses"]["401"]["content"][JSON]["example"]
        for path in ("/api/v1/tasks", "/v1/videos", "/api/status", "/api/v1/video/list")
    }
    assert shown["/api/v1/tasks"]["error"]["code"] == "invalid_api_key"
    assert shown["/v1/videos"]["error"].keys() == {"message", "type", "param", "code"}
    assert isinstance(shown["/api/status"]["error"], str)
    assert shown["/api/v1/video/list"]["success"] is False


def test_the_document_is_openapi_3_1() -> None:
    assert document()["openapi"] == "3.1.0"
    assert len(operations()) > 100

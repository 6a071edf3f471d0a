"""Areas contribute operations; the path's prefix chooses the shape of errors."""

from typing import Any

import httpx
import pytest
from gateway.domain.problem import Problem
from gateway.inbound.http import surfaces
from gateway.inbound.http.api import make_api
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.surfaces import Surface
from gateway.inbound.http.v1.errors import write_problem
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response


async def _said(request: Request) -> Response:
    return PlainTextResponse(f"{request.method} {request.path_params}")


async def _faulty(_: Request) -> Response:
    raise ZeroDivisionError


async def _refused(_: Request) -> Response:
    raise Problem(422, "wrong", "This is wrong.")


def _plain(problem: Problem, _: str) -> Response:
    return PlainTextResponse(problem.code, 400 if problem.status == 422 else problem.status)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> httpx.AsyncClient:
    rows = (Surface("/", write_problem), Surface("/plain", _plain))
    monkeypatch.setattr(surfaces, "SURFACES", rows)
    operations = [
        Operation("GET", "/things/{id}", _said, {"summary": "a thing"}),
        Operation("DELETE", "/things/{id}", _said, {}),
        Operation("GET", "/things/all", _said, {}),
        *(Operation("GET", f"{prefix}/faulty", _faulty, {}) for prefix in ("", "/plain")),
        *(Operation("GET", f"{prefix}/refused", _refused, {}) for prefix in ("", "/plain")),
    ]
    app = make_api(operations, hot=("POST", "/hot", _said))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.test")


async def test_a_path_answers_each_of_its_methods_and_names_them_all_in_a_405(api: Any) -> None:
    assert (await api.get("/things/1")).text == "GET {'id': '1'}"
    assert (await api.delete("/things/1")).text == "DELETE {'id': '1'}"
    assert (await api.head("/things/1")).status_code == 200
    wrong = await api.put("/things/1")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, "method_not_allowed")
    assert set(wrong.headers["allow"].split(", ")) == {"GET", "HEAD", "DELETE"}


async def test_a_path_without_parameters_wins(api: Any) -> None:
    assert (await api.get("/things/all")).text == "GET {}"


async def test_every_error_has_the_shape_of_its_paths_surface(api: Any) -> None:
    for path, status, code in (
        ("/nowhere", 404, "not_found"),
        ("/faulty", 500, "internal_error"),
        ("/refused", 422, "wrong"),
    ):
        ours = await api.get(path)
        assert (ours.status_code, ours.json()["error"]["code"]) == (status, code)
        theirs = await api.get(f"/plain{path}")
        assert (theirs.status_code, theirs.text) == (400 if status == 422 else status, code)
        assert theirs.headers["x-request-id"]


async def test_the_document_has_every_operation(api: Any) -> None:
    paths = (await api.get("/openapi.json")).json()["paths"]
    assert set(paths["/things/{id}"]) == {"get", "delete"}
    assert paths["/things/{id}"]["get"] == {"summary": "a thing", "tags": ["Other"]}


def test_an_operation_can_not_be_there_twice() -> None:
    twice = [Operation("GET", "/x", _said, {})] * 2
    with pytest.raises(ValueError, match="GET /x is there twice"):
        make_api(twice, hot=("POST", "/hot", _said))

"""What every operation answers alike: without a key, a scope, a quota, a right body."""

from typing import Any

import httpx
import pytest
from api_document import operations
from gateway_tools import World
from samples import address, body_of
from test_keys import made

JSON = {"Content-Type": "application/json"}


def documenting(status: int) -> list[Any]:
    """The operations that document a status."""
    return [
        pytest.param(method, path, id=f"{method} {path}")
        for (method, path), described in operations().items()
        if str(status) in described["responses"]
    ]


def with_body(status: int) -> list[tuple[str, str]]:
    """Those of them that take a body."""
    found = operations().items()
    return [each for each, it in found if "requestBody" in it and str(status) in it["responses"]]


async def ask(api: httpx.AsyncClient, method: str, path: str, body: bytes | None = None) -> httpx.Response:
    given = body_of(method, path, operations()[method, path]) if body is None else body
    return await api.request(method, address(path), content=given, headers=JSON if given else None)


@pytest.mark.parametrize(("method", "path"), documenting(401))
async def test_without_a_key_it_is_a_401(shared_world: World, method: str, path: str) -> None:
    assert (await ask(shared_world.client(), method, path)).status_code == 401


@pytest.mark.parametrize(("method", "path"), documenting(403))
async def test_without_the_scope_it_is_a_403(shared_world: World, method: str, path: str) -> None:
    if path.endswith("/remix"):
        pytest.skip("looks for its video first; see the flows")
    customer = await shared_world.customer("100")
    others = ("write", "keys") if method == "GET" else ("read", "keys")
    statuses = []
    for scope in others:
        api = shared_world.client((await made(customer, scopes=[scope]))["key"])
        statuses.append((await ask(api, method, path)).status_code)
    assert 403 in statuses


@pytest.mark.parametrize(("method", "path"), documenting(429))
async def test_beyond_the_quota_it_is_a_429(shared_world: World, method: str, path: str) -> None:
    if path.endswith("/remix"):
        pytest.skip("looks for its video first; see the flows")
    customer = await shared_world.customer("100")
    api = shared_world.client((await made(customer, requests_per_minute=1))["key"])
    assert (await api.get("/api/v1/credits")).status_code == 200
    refused = await ask(api, method, path)
    assert refused.status_code == 429, refused.text
    assert int(refused.headers["retry-after"]) >= 1


@pytest.mark.parametrize(("method", "path"), with_body(400))
async def test_a_body_that_is_not_json_is_a_400(shared_world: World, method: str, path: str) -> None:
    customer = await shared_world.customer("100")
    assert (await ask(customer.api, method, path, b"{")).status_code == 400


@pytest.mark.parametrize(("method", "path"), with_body(413))
async def test_a_body_that_is_too_large_is_a_413(shared_world: World, method: str, path: str) -> None:
    customer = await shared_world.customer("100")
    answer = await ask(customer.api, method, path, b'{"x": "' + b"x" * 70_000_000 + b'"}')
    assert answer.status_code == 413


async def test_a_field_that_is_not_known_is_a_422(setting: Any) -> None:
    wrong = []
    for method, path in with_body(422):
        answer = await ask(setting.ann.api, method, path, b'{"no_such_field": 1}')
        if answer.status_code != 422 and not ("{" in path and answer.status_code == 404):
            wrong.append((method, path, answer.text))
    assert wrong == []


async def test_an_id_that_nothing_has_is_a_404(setting: Any) -> None:
    named = [tuple(each.values) for each in documenting(404) if "{" in each.values[1]]
    found = {(method, path): await ask(setting.ann.api, method, path) for method, path in named}
    assert [each for each, answer in found.items() if answer.status_code not in {404, 422}] == []

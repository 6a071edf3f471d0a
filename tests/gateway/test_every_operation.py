"""What every operation answers alike: without a key, a scope, a quota, a right body."""

import re
from pathlib import Path
from typing import Any

import httpx
from api_document import operations
from api_samples import address, body_of
from gateway.domain.scopes import SCOPES
from gateway_tools import Customer, World
from test_keys import made

SCOPES_PAGE = Path(__file__).parents[2] / "docs" / "api" / "scopes.md"
JSON = {"Content-Type": "application/json"}
LOOKS_FOR_ITS_SUBJECT_FIRST = ("/remix", "/generate-v2v", "/extend-video")
"""What submits about something of the account's: without that it is a 404 before anything else."""
TOO_LARGE = b'{"x": "' + b"x" * 1_100_000 + b'"}'


def scopes_told() -> dict[tuple[str, str], str]:
    """The scope of each operation, as docs/api/scopes.md has it."""
    rows = re.findall(r"^\| ([A-Z]+) \| `(.+)` \| (\S+) \|$", SCOPES_PAGE.read_text(), re.MULTILINE)
    return {(method, path): scope for method, path, scope in rows}


def documenting(status: int, *, body: bool = False) -> list[tuple[str, str]]:
    """The operations that document a status; those that take a body."""
    return [
        (method, path)
        for (method, path), described in operations().items()
        if str(status) in described["responses"]
        and not path.endswith(LOOKS_FOR_ITS_SUBJECT_FIRST)
        and (not body or "application/json" in described.get("requestBody", {}).get("content", {}))
    ]


async def ask(api: httpx.AsyncClient, method: str, path: str, body: bytes | None = None) -> httpx.Response:
    given = body_of(method, path, operations()[method, path]) if body is None else body
    return await api.request(method, address(path), content=given, headers=JSON if given else None)


async def callers(world: World) -> tuple[Customer, Customer]:
    """A customer, and an operator for the operator's paths."""
    return await world.customer("100"), await world.customer("100", role="admin")


def one_of(customers: tuple[Customer, Customer], path: str) -> Customer:
    return customers["/admin/" in path]


async def test_without_a_key_it_is_a_401(shared_world: World) -> None:
    api = shared_world.client()
    statuses = {each: (await ask(api, *each)).status_code for each in documenting(401)}
    assert {each: status for each, status in statuses.items() if status != 401} == {}


async def test_a_key_needs_the_scope_that_the_page_of_scopes_names(shared_world: World) -> None:
    customer, wrong, page = await shared_world.customer("100"), {}, scopes_told()
    made_of = {scope: await made(customer, scopes=[scope]) for scope in SCOPES}
    api = {scope: shared_world.client(key["key"]) for scope, key in made_of.items()}
    for method, path in documenting(403):
        needed = page[method, path]
        answers = [await ask(api[scope], method, path) for scope in SCOPES if scope != needed]
        if any(it.status_code != 403 or f"lacks the scope '{needed}'" not in it.text for it in answers):
            wrong[method, path] = [it.text for it in answers]
    assert wrong == {}


def test_the_page_of_scopes_has_every_operation() -> None:
    public = {each for each, described in operations().items() if described.get("security") == []}
    page = scopes_told()
    assert page.keys() == operations().keys()
    assert {each for each, scope in page.items() if scope == "-"} == public
    submits = [each for each in operations() if each[1].endswith(LOOKS_FOR_ITS_SUBJECT_FIRST)]
    assert {page[each] for each in submits} == {"write"}


async def test_beyond_the_quota_it_is_a_429(shared_world: World) -> None:
    customers, wrong = await callers(shared_world), {}
    keys = [await made(customer, requests_per_minute=1) for customer in customers]
    apis = [shared_world.client(key["key"]) for key in keys]
    for api in apis:
        await api.get("/api/v1/credits")
    for method, path in documenting(429):
        answer = await ask(apis["/admin/" in path], method, path)
        if answer.status_code != 429 or int(answer.headers["retry-after"]) < 1:
            wrong[method, path] = answer.status_code
    assert wrong == {}


async def test_a_body_that_is_not_json_is_a_400(setting: Any) -> None:
    customers = await callers(setting.world)
    found = {
        each: await ask(one_of(customers, each[1]).api, *each, b"{") for each in documenting(400, body=True)
    }
    assert {each: it.status_code for each, it in found.items() if not _is(it, 400, each[1])} == {}


async def test_a_body_that_is_too_large_is_a_413(setting: Any) -> None:
    customers = await callers(setting.world)
    found = {
        each: await ask(one_of(customers, each[1]).api, *each, TOO_LARGE)
        for each in documenting(413, body=True)
    }
    assert {each: it.status_code for each, it in found.items() if not _is(it, 413, each[1])} == {}


async def test_a_field_that_is_not_known_is_a_422(setting: Any) -> None:
    customers = await callers(setting.world)
    found = {
        each: await ask(one_of(customers, each[1]).api, *each, b'{"no_such_field": 1}')
        for each in documenting(422, body=True)
    }
    assert {each: it.text for each, it in found.items() if not _is(it, 422, each[1])} == {}


async def test_an_id_that_nothing_has_is_a_404(setting: Any) -> None:
    customers = await callers(setting.world)
    named = [each for each in documenting(404) if "{" in each[1]]
    found = {each: await ask(one_of(customers, each[1]).api, *each) for each in named}
    assert {each: it.text for each, it in found.items() if it.status_code not in {404, 422}} == {}


def _is(answer: httpx.Response, status: int, path: str) -> bool:
    """What an id in the path names may be looked for first."""
    return answer.status_code == status or (answer.status_code == 404 and "{" in path)

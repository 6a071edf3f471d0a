"""An account's keys: made, shown once, narrowed, bounded, disabled, deleted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from contracts.ids import to_text, uuid7
from gateway_tools import SEEDANCE_MICRO, Customer, World, seedance, until

KEYS = "/api/v1/keys"


async def made(customer: Customer, **terms: Any) -> dict[str, Any]:
    answer = await customer.api.post(KEYS, json={"name": "My app", **terms})
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"{KEYS}/{answer.json()['id']}"
    return dict(answer.json())


def code(answer: httpx.Response) -> tuple[int, str, str | None]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["param"]


async def test_a_key_is_shown_whole_once_and_works(shared_world: World) -> None:
    customer = await shared_world.customer("100")
    key = await made(customer)
    assert key["scopes"] == ["read", "write", "keys"]
    assert (key["test"], key["disabled"], key["spend_cap"], key["spent"]) == (False, False, None, None)
    api = shared_world.client(key["key"])
    assert (await api.get("/api/v1/credits")).status_code == 200
    listed = (await customer.api.get(KEYS)).json()["data"]
    assert [each["name"] for each in listed] == ["a key", "My app"]
    assert all("key" not in each for each in listed)
    shown = (await customer.api.get(f"{KEYS}/{key['id']}")).json()
    assert shown == {**{k: v for k, v in key.items() if k != "key"}, "last_used_at": shown["last_used_at"]}
    assert key["key"] not in str(await shared_world.db.pool.fetch("SELECT * FROM api_keys, audit_log"))


async def test_a_disabled_key_is_refused_until_it_is_enabled_again(make_world: Any) -> None:
    world = await make_world(key_cache_seconds=0.05)
    customer = await world.customer("100")
    key = await made(customer)
    api, path = world.client(key["key"]), f"{KEYS}/{key['id']}"
    for disabled, status in ((True, 401), (False, 200)):
        changed = await customer.api.patch(path, json={"disabled": disabled})
        assert changed.json()["disabled"] is disabled

        async def answered(wanted: int = status) -> bool:
            return (await api.get("/api/v1/credits")).status_code == wanted

        await until(answered)
    assert (await customer.api.delete(path)).status_code == 204
    assert code(await customer.api.get(path)) == (404, "key_not_found", "key_id")
    await until(lambda: _refused(api))
    assert code(await customer.api.delete(path))[0] == 404


async def _refused(api: httpx.AsyncClient) -> bool:
    return (await api.get("/api/v1/credits")).status_code == 401


async def test_an_expired_key_says_so(shared_world: World) -> None:
    customer = await shared_world.customer("100")
    key = await made(customer, expires_at=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    await shared_world.db.pool.execute(
        "UPDATE api_keys SET expires_at = now() WHERE prefix = $1", key["prefix"]
    )
    answer = await shared_world.client(key["key"]).get("/api/v1/credits")
    assert code(answer) == (401, "api_key_expired", None)


async def test_a_key_does_what_its_scopes_allow_and_no_more(shared_world: World) -> None:
    customer = await shared_world.customer("100")
    reader = shared_world.client((await made(customer, scopes=["read"]))["key"])
    assert (await reader.get("/api/v1/models")).status_code == 200
    assert code(await reader.post("/api/v1/tasks", json=seedance())) == (403, "insufficient_scope", None)
    assert code(await reader.get(KEYS)) == (403, "insufficient_scope", None)
    writer = shared_world.client((await made(customer, scopes=["write"]))["key"])
    assert (await writer.post("/api/v1/tasks", json=seedance())).status_code == 202
    assert (await writer.get("/api/v1/credits")).status_code == 403


async def test_nobody_gives_away_a_scope_or_an_asset_that_they_lack(shared_world: World) -> None:
    customer = await shared_world.customer("100")
    keeper = shared_world.client((await made(customer, scopes=["keys"]))["key"])
    assert code(await keeper.post(KEYS, json={"name": "x", "scopes": ["write"]})) == (
        403,
        "insufficient_scope",
        "scopes",
    )
    assert (await keeper.post(KEYS, json={"name": "x"})).json()["scopes"] == ["keys"]
    tester = shared_world.client((await made(customer, test=True))["key"])
    assert code(await tester.post(KEYS, json={"name": "x", "test": False})) == (403, "test_key_only", "test")
    assert (await tester.post(KEYS, json={"name": "x"})).json()["test"] is True


async def test_a_spend_cap_holds_and_counts_what_was_spent_before_it(shared_world: World) -> None:
    customer = await shared_world.customer("1000")
    key = await made(customer)
    api, path = shared_world.client(key["key"]), f"{KEYS}/{key['id']}"
    assert (await api.post("/api/v1/tasks", json=seedance())).status_code == 202
    cap = 2 * SEEDANCE_MICRO / 1_000_000
    capped = (await customer.api.patch(path, json={"spend_cap": cap})).json()
    assert (capped["spend_cap"], capped["spent"]) == (13.14, 6.57)

    fresh = shared_world.client(key["key"])
    await until(lambda: _spends_to_the_cap(fresh))
    refused = await fresh.post("/api/v1/tasks", json=seedance())
    assert code(refused) == (402, "spend_cap_reached", None)
    assert refused.json()["error"]["balance"] == 0
    assert (await customer.submit(seedance())).status_code == 202
    assert (await customer.api.patch(path, json={"spend_cap": None})).json()["spent"] is None


async def _spends_to_the_cap(api: httpx.AsyncClient) -> bool:
    return (await api.post("/api/v1/tasks", json=seedance())).status_code == 402


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, (422, "required", "name")),
        ({"name": ""}, (422, "invalid", "name")),
        ({"name": "x" * 101}, (422, "invalid", "name")),
        ({"name": "a\u0000b"}, (422, "invalid", "name")),
        ({"name": 7}, (422, "invalid", "name")),
        ({"name": "x", "scopes": []}, (422, "invalid", "scopes")),
        ({"name": "x", "scopes": ["all"]}, (422, "invalid", "scopes.0")),
        ({"name": "x", "expires_at": "soon"}, (422, "invalid", "expires_at")),
        ({"name": "x", "expires_at": "2020-01-01T00:00:00Z"}, (422, "invalid", "expires_at")),
        ({"name": "x", "spend_cap": -1}, (422, "invalid", "spend_cap")),
        ({"name": "x", "requests_per_minute": 0}, (422, "invalid", "requests_per_minute")),
        ({"name": "x", "nonsense": 1}, (422, "unknown_field", "nonsense")),
    ],
)
async def test_a_key_that_can_not_be_made_is_refused_with_the_field_at_fault(
    shared_world: World, body: dict[str, Any], fault: tuple[int, str, str]
) -> None:
    customer = await shared_world.customer("1")
    assert code(await customer.api.post(KEYS, json=body)) == fault


async def test_an_account_has_a_hundred_keys_at_most(shared_world: World) -> None:
    customer = await shared_world.customer("1")
    await shared_world.db.pool.execute(
        "INSERT INTO api_keys (id, account_id, prefix, hash, name, asset) "
        "SELECT gen_random_uuid(), $1, 'p', sha256(gen_random_uuid()::text::bytea), 'k', 'credit' "
        "FROM generate_series(1, 99)",
        customer.id,
    )
    assert code(await customer.api.post(KEYS, json={"name": "x"}))[:2] == (409, "key_refused")


async def test_another_accounts_key_is_no_different_from_none(shared_world: World) -> None:
    mine, theirs = await shared_world.customer("1"), await shared_world.customer("1")
    real, random = (await made(theirs))["id"], to_text("key_", uuid7())
    for method in ("GET", "PATCH", "DELETE"):
        answers = [
            await mine.api.request(method, f"{KEYS}/{key}", json={} if method == "PATCH" else None)
            for key in (real, random)
        ]
        told = [each.json()["error"] | {"request_id": "", "message": ""} for each in answers]
        assert told[0] == told[1]
        assert [each.status_code for each in answers] == [404, 404]
    assert (await mine.api.get(f"{KEYS}/nonsense")).status_code == 404


async def test_every_change_of_a_key_is_in_the_audit_log(shared_world: World) -> None:
    customer = await shared_world.customer("1")
    key = await made(customer)
    await customer.api.patch(f"{KEYS}/{key['id']}", json={"name": "renamed"})
    await customer.api.delete(f"{KEYS}/{key['id']}")
    rows = await shared_world.db.pool.fetch(
        "SELECT action, actor FROM audit_log WHERE subject = $1 ORDER BY id", key["id"]
    )
    assert [row["action"] for row in rows] == ["key.created", "key.changed", "key.deleted"]
    assert {row["actor"] for row in rows} == {to_text("key_", customer.key_id)}

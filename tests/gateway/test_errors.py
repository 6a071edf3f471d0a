"""Every way to be wrong gets a clear answer in one shape, never a 500."""

from typing import Any

import asyncpg
import orjson
import pytest
from gateway.db import balances
from gateway.domain import keys as key_format
from gateway.inbound.http.headers import idempotency_key
from gateway_tools import World, seedance
from runtime.group_commit import GroupCommit


def error_of(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json"), answer.text
    error = answer.json()["error"]
    assert {"type", "code", "message", "param", "request_id"} <= set(error)
    assert error["code"] == code, error
    assert error["request_id"] == answer.headers["x-request-id"]
    assert error["message"]
    return error


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "missing_api_key"),
        ("", "missing_api_key"),
        ("Basic dXNlcjpwYXNz", "invalid_authorization"),
        ("Bearer", "invalid_authorization"),
        ("Bearer   ", "invalid_authorization"),
        ("Bearer nonsense", "invalid_api_key"),
        ("Bearer mv_live_" + "0" * 38, "invalid_api_key"),
        ("Bearer " + key_format.generate("credit"), "invalid_api_key"),
    ],
)
async def test_without_a_valid_key_nothing_is_served(
    shared_world: World, header: str | None, code: str
) -> None:
    headers = {} if header is None else {"Authorization": header}
    api = shared_world.client()
    for method, path in (
        ("POST", "/api/v1/tasks"),
        ("GET", "/api/v1/tasks/task_01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        ("GET", "/api/v1/tasks/task_01ARZ3NDEKTSV4RRFFQ69G5FAV/events"),
        ("GET", "/api/v1/models"),
        ("GET", "/api/v1/credits"),
    ):
        answer = await api.request(method, path, headers=headers)
        assert error_of(answer, 401, code)["type"] == "authentication_error"
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_key_with_letters_outside_ascii_is_just_wrong(shared_world: World) -> None:
    answer = await shared_world.client().get(
        "/api/v1/credits", headers=[(b"Authorization", "Bearer mv_é".encode())]
    )
    error_of(answer, 401, "invalid_api_key")


async def test_a_disabled_accounts_keys_are_forbidden(shared_world: World) -> None:
    customer = await shared_world.customer()
    await shared_world.db.pool.execute("UPDATE accounts SET status = 'disabled' WHERE id = $1", customer.id)
    error_of(await customer.api.get("/api/v1/credits"), 403, "account_disabled")


BROKEN = {
    b"": 400,
    b"{": 400,
    b"null": 400,
    b"[]": 400,
    b'"text"': 400,
    b"5": 400,
    b'{"model": NaN}': 400,
    b'{"a": 1, "a": 2}': 400,
    b'{"model": "doubao-seedance-2-0-fast", "input": {"prompt": "a", "prompt": "b"}}': 400,
    b"\xff\xfe": 400,
    b'{"model": "\\ud800"}': 400,
    b'{"model": 1e999}': 400,
    b"[" * 100_000: 400,
    b'{"a":' * 600 + b"1" + b"}" * 600: 422,
    b'{"a":' * 300 + b"1" + b"}" * 300: 422,
}


@pytest.mark.parametrize(("body", "status"), BROKEN.items(), ids=[repr(body[:30]) for body in BROKEN])
async def test_a_broken_body_is_a_clear_4xx(shared_world: World, body: bytes, status: int) -> None:
    customer = await shared_world.customer("100")
    for headers in ({}, {"Idempotency-Key": "k"}):
        answer = await customer.api.post("/api/v1/tasks", content=body, headers=headers)
        assert answer.status_code == status, answer.text
        assert answer.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("body", "params"),
    [
        ({}, ["model", "input"]),
        ({"model": 5, "input": {}}, ["model"]),
        ({"model": "", "input": {}, "x": 1}, ["model", "x"]),
        ({"model": "doubao-seedance-2-0-fast"}, ["input"]),
        ({"model": "doubao-seedance-2-0-fast", "input": None}, ["input"]),
        ({"model": "doubao-seedance-2-0-fast", "input": []}, ["input"]),
        ({"model": "doubao-seedance-2-0-fast", "input": {}}, ["input.prompt"]),
        (
            seedance(duration=99, resolution="8k", bogus=1),
            ["input.duration", "input.resolution", "input.bogus"],
        ),
        (seedance(prompt="a\x00b"), ["input.prompt"]),
        (seedance() | {"extra": 1, "duration": 5}, ["duration", "extra"]),
        (seedance(duration=True), ["input.duration"]),
        (
            seedance(
                image_urls=["https://a.test/1.png"],
                image_with_roles=[{"url": "https://a.test/1", "role": "x"}],
            ),
            ["input.image_with_roles[0].role"],
        ),
    ],
)
async def test_all_faults_of_an_input_come_at_once(shared_world: World, body: Any, params: list[str]) -> None:
    customer = await shared_world.customer("100")
    answer = await customer.submit(body)
    assert answer.status_code == 422, answer.text
    error = answer.json()["error"]
    assert set(params) <= {detail["param"] for detail in error["details"]}
    assert error["param"] == error["details"][0]["param"]
    assert all(detail["code"] and detail["message"] for detail in error["details"])
    sql = "SELECT count(*) FROM tasks WHERE account_id = $1"
    assert await shared_world.db.pool.fetchval(sql, customer.id) == 0


async def test_the_checks_come_in_their_order(shared_world: World) -> None:
    """Key, model, input, tier, credits."""
    poor = await shared_world.customer("0", tier="free")
    anonymous = await shared_world.client().post("/api/v1/tasks", content=b"{")
    error_of(anonymous, 401, "missing_api_key")
    error = error_of(await poor.submit({"model": "no-such", "input": 5}), 404, "model_not_found")
    assert error["param"] == "model"
    assert (await poor.submit(seedance(duration=99))).status_code == 422
    error = error_of(await poor.submit(seedance()), 403, "tier_too_low")
    assert "starter" in error["message"]
    rich_tier = await shared_world.customer("0", tier="creator")
    error_of(await rich_tier.submit(seedance()), 402, "insufficient_credits")


async def test_a_model_without_a_provider_is_listed_as_unavailable_and_not_accepted(make_world: Any) -> None:
    world = await make_world(providers={"ark": "real", "gemini": "real"})
    customer, tester = await world.customer("100"), await world.customer("100", asset="test")
    listed = (await customer.api.get("/api/v1/models")).json()["data"]
    available = {model["slug"] for model in listed if model["available"]}
    assert "doubao-seedance-2-0-fast" in available
    assert available.isdisjoint({"veo3-1-quality", "wan2-6-i2v-flash", "flux"})
    veo = {"model": "veo3-1-quality", "input": {"prompt": "x"}}
    error_of(await customer.submit(veo), 503, "model_unavailable")
    error_of(await tester.submit(seedance()), 503, "model_unavailable")  # test credits never reach a real one


async def test_the_framework_s_own_errors_have_the_same_shape(shared_world: World) -> None:
    customer = await shared_world.customer()
    error_of(await customer.api.get("/api/v1/nowhere"), 404, "not_found")
    error_of(await customer.api.get("/api/v1/tasks/"), 404, "not_found")
    error_of(await customer.api.get("/nowhere"), 404, "not_found")
    wrong = await customer.api.put("/api/v1/tasks", content=b"{}")
    error_of(wrong, 405, "method_not_allowed")
    assert "POST" in wrong.headers["allow"]


@pytest.mark.parametrize("task", ["task_demo_model", "x", "task_" + "Z" * 26, "task_" + "0" * 26, "%00"])
async def test_an_unknown_task_is_a_404_whatever_it_looks_like(shared_world: World, task: str) -> None:
    customer = await shared_world.customer()
    for path in (f"/api/v1/tasks/{task}", f"/api/v1/tasks/{task}/events"):
        error_of(await customer.api.get(path), 404, "task_not_found")


async def test_another_accounts_task_is_like_one_that_never_was(shared_world: World) -> None:
    mine, other = await shared_world.customer("100"), await shared_world.customer("100")
    task = (await mine.submit(seedance())).json()["task_id"]
    for path in (f"/api/v1/tasks/{task}", f"/api/v1/tasks/{task}/events"):
        assert (await mine.api.get(path)).status_code == 200
        error_of(await other.api.get(path), 404, "task_not_found")


async def test_a_large_body_is_refused_whether_it_says_so_or_not(make_world: Any) -> None:
    world = await make_world(max_body_bytes=2000)
    customer = await world.customer("100")
    large = orjson.dumps(seedance(prompt="x" * 3000))

    async def chunks() -> Any:
        for start in range(0, len(large), 500):
            yield large[start : start + 500]

    for content in (large, chunks()):
        answer = await customer.api.post("/api/v1/tasks", content=content)
        error_of(answer, 413, "request_too_large")


async def test_an_input_too_large_for_the_bus_is_refused_and_not_lost(shared_world: World) -> None:
    customer = await shared_world.customer("100")
    urls = [f"https://a.test/{n}{'x' * 300_000}" for n in range(3)]
    answer = await customer.submit(seedance(image_urls=urls))
    error_of(answer, 413, "request_too_large")
    assert (await customer.submit(seedance(image_urls=urls[:2]))).status_code == 202


async def test_inline_data_work_up_to_the_limit_and_not_beyond(make_world: Any) -> None:
    world = await make_world(max_data_bytes=3000)
    customer = await world.customer("1000")

    def wan(size: int) -> dict[str, Any]:
        uri = "data:image/png;base64," + "AAAA" * (size // 3)
        return {"model": "wan2-6-i2v-flash", "input": {"image_urls": [uri], "prompt": "x"}}

    assert (await customer.submit(wan(3000))).status_code == 202
    error = error_of(await customer.submit(wan(3003)), 413, "inline_data_too_large")
    assert "URL" in error["message"]


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 256, '""', "tab\there"])
def test_an_idempotency_key_that_can_not_be_kept_is_a_400(key: str) -> None:
    with pytest.raises(Exception, match="visible ASCII") as raised:
        idempotency_key(key)
    assert raised.value.status == 400  # type: ignore[attr-defined]


@pytest.mark.parametrize(("header", "key"), [("k", "k"), ('"k"', "k"), ("x" * 255, "x" * 255), ('"', '"')])
def test_an_idempotency_key_may_stand_in_quotes(header: str, key: str) -> None:
    assert idempotency_key(header) == key


async def test_a_lost_database_is_a_503_and_a_fault_of_ours_a_500(world: World, monkeypatch: Any) -> None:
    customer = await world.customer("100")
    await customer.credits()

    async def lost(*_: Any) -> Any:
        raise ConnectionRefusedError

    async def cut_in_its_commit(*_: Any) -> Any:
        raise asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress")

    async def broken(*_: Any) -> Any:
        raise ZeroDivisionError("secret detail")

    with monkeypatch.context() as patch:
        patch.setattr(GroupCommit, "submit", lost)
        error_of(await customer.submit(seedance()), 503, "unavailable")
        patch.setattr(GroupCommit, "submit", cut_in_its_commit)
        error_of(await customer.submit(seedance()), 503, "unavailable")
        patch.setattr(balances, "read", lost)
        error_of(await customer.api.get("/api/v1/credits"), 503, "unavailable")
        patch.setattr(GroupCommit, "submit", broken)
        error = error_of(await customer.submit(seedance()), 500, "internal_error")
        assert "secret" not in orjson.dumps(error).decode()


async def test_a_gateway_whose_database_is_not_open_yet_says_that_coming_back_helps(world: World) -> None:
    """Its port answers before its parts have started, so that a supervisor can look at its health."""
    customer = await world.customer("100")
    await world.db.stop()
    try:
        error_of(await customer.submit(seedance()), 503, "unavailable")
        error_of(await customer.api.get("/api/v1/credits"), 503, "unavailable")
    finally:
        await world.db.start()
    assert (await customer.submit(seedance())).status_code == 202


async def test_a_traceparent_is_accepted_or_issued(shared_world: World) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    api = shared_world.client()
    assert (await api.get("/x", headers={"traceparent": trace})).headers["traceparent"] == trace
    issued = (await api.get("/x", headers={"traceparent": "nonsense"})).headers["traceparent"]
    assert issued.startswith("00-")
    assert issued != trace


async def test_the_openapi_document_names_every_route(shared_world: World) -> None:
    document = (await shared_world.client().get("/openapi.json")).json()
    assert set(document["paths"]) >= {
        "/api/v1/keys",
        "/api/v1/keys/{key_id}",
        "/api/v1/tasks",
        "/api/v1/tasks/{task_id}",
        "/api/v1/tasks/{task_id}/events",
        "/api/v1/tasks/{task_id}/cancel",
        "/api/v1/tasks/estimate",
        "/api/v1/models",
        "/api/v1/models/{slug}",
        "/api/v1/credits",
        "/files/{token}/{name}",
    }
    statuses = set(document["paths"]["/api/v1/tasks"]["post"]["responses"])
    assert statuses == {"202", "400", "401", "402", "403", "404", "409", "413", "422", "429", "503"}


async def test_the_models_are_shown_with_schema_and_price(shared_world: World) -> None:
    customer = await shared_world.customer()
    listed = (await customer.api.get("/api/v1/models")).json()
    assert listed["object"] == "list"
    assert {"wan2-6-i2v-flash", "doubao-seedance-2-0-fast", "veo3-1-quality"} <= {
        m["slug"] for m in listed["data"]
    }
    model = (await customer.api.get("/api/v1/models/veo3-1-quality")).json()
    assert model["schema"]["properties"]["duration"]["enum"] == [8]
    assert model["schema"]["properties"]["prompt"]["x-playground"]["widget"] == "textarea"
    assert model["available"] is True
    assert model["price"]["rules"]
    error_of(await customer.api.get("/api/v1/models/no-such"), 404, "model_not_found")


async def test_credits_are_shown_in_credits_and_currency(shared_world: World) -> None:
    customer = await shared_world.customer("10000")
    assert (await customer.api.get("/api/v1/credits")).content == (
        b'{"available":10000,"held":0,"currency_value":100,"currency":"USD","tier":"studio"}'
    )
    await customer.submit(seedance())
    assert (await customer.api.get("/api/v1/credits")).content == (
        b'{"available":9993.43,"held":6.57,"currency_value":99.9343,"currency":"USD","tier":"studio"}'
    )

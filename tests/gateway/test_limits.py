"""How often an account and a key may ask, and how many tasks may be unfinished at once."""

import asyncio
from typing import Any

from gateway_tools import World, seedance, until
from test_keys import KEYS, code, made


async def test_every_answer_says_what_is_left(shared_world: World) -> None:
    customer = await shared_world.customer("100", tier="free")
    first = await customer.api.get("/api/v1/credits")
    assert first.headers["ratelimit-policy"] == '"reads";q=600;w=60'
    assert first.headers["ratelimit"].startswith('"reads";r=599;t=')
    submitted = await customer.submit(seedance(resolution="480p"))
    assert submitted.headers["ratelimit-policy"] == '"submits";q=30;w=60'


async def test_submits_beyond_the_tiers_quota_are_429_and_leave_nothing_behind(shared_world: World) -> None:
    customer = await shared_world.customer("1000", tier="free")
    body = seedance(resolution="480p", duration=4)
    answers = await asyncio.gather(*(customer.submit(body, f"k{n}") for n in range(35)))
    refused = [each for each in answers if each.status_code == 429]
    assert [each.status_code for each in answers].count(202) == 30
    assert {code(each)[1] for each in refused} == {"rate_limit_exceeded"}
    assert all(1 <= int(each.headers["retry-after"]) <= 60 for each in refused)
    counted = await shared_world.db.pool.fetchval(
        "SELECT count(*) FROM tasks WHERE account_id = $1", customer.id
    )
    assert counted == 30
    taken = next(n for n, each in enumerate(answers) if each.status_code == 202)
    replayed = await customer.submit(body, f"k{taken}")
    assert (replayed.status_code, replayed.headers["idempotent-replayed"]) == (202, "true")


async def test_a_faulty_request_is_told_its_fault_before_its_quota(shared_world: World) -> None:
    customer = await shared_world.customer("1", tier="free")
    for _ in range(32):
        answer = await customer.submit(seedance(duration=99))
        assert answer.status_code == 422


async def test_who_has_more_tasks_running_may_look_more_often(shared_world: World) -> None:
    customer = await shared_world.customer("100", tier="free")
    assert (await customer.submit(seedance(resolution="480p"))).status_code == 202
    answers = [await customer.api.get("/api/v1/credits") for _ in range(665)]
    assert [each.status_code for each in answers].count(200) == 660
    assert answers[-1].headers["ratelimit-policy"] == '"reads";q=660;w=60'


async def test_a_keys_own_quota_is_its_own(shared_world: World) -> None:
    customer = await shared_world.customer("1")
    slow = shared_world.client((await made(customer, requests_per_minute=3))["key"])
    assert [(await slow.get("/api/v1/credits")).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert (await slow.get("/api/v1/credits")).headers["ratelimit-policy"] == '"key";q=3;w=60'
    assert (await customer.api.get("/api/v1/credits")).status_code == 200


async def test_only_so_many_tasks_may_be_unfinished_at_once(make_world: Any) -> None:
    world = await make_world(key_cache_seconds=0.05)
    customer = await world.customer("1000")
    await world.db.pool.execute("UPDATE accounts SET max_live_tasks = 2 WHERE id = $1", customer.id)

    async def limited() -> bool:
        answer = await customer.submit(seedance())
        return answer.status_code == 429 and code(answer)[1] == "too_many_tasks"

    await until(limited)
    live = await world.db.pool.fetchval("SELECT live_tasks FROM balances WHERE account_id = $1", customer.id)
    assert live >= 2


async def test_a_store_that_is_away_is_no_reason_for_an_outage(make_world: Any) -> None:
    world = await make_world()
    customer = await world.customer("100")
    cut_off = world.another_gateway(world.db, rate_store="redis://127.0.0.1:1")
    api = world.client(customer.key, cut_off)
    assert (await api.get(KEYS)).status_code == 200
    accepted = await api.post("/api/v1/tasks", json=seedance())
    assert accepted.status_code == 202
    assert "ratelimit" not in accepted.headers

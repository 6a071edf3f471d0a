"""Retries are free; the last credit is spent once."""

import asyncio
from collections import Counter
from uuid import UUID

import asyncpg
import pytest
from flow_tools import seedance, until
from stack import control


async def test_a_refused_key_works_after_a_top_up(world) -> None:
    customer = await world.customer("0")
    refused = await customer.submit(seedance(), "later")
    assert (refused.status_code, refused.json()["error"]["code"]) == (402, "insufficient_credits")
    world.command("gateway", "grant", "--account", customer.id, "--credits", "10", "--reason", "top-up")

    async def funded() -> bool:
        return (await customer.credits())["available"] == 10

    await until(funded, "the top-up")
    assert (await customer.submit(seedance(), "later")).status_code == 202


@pytest.mark.timeout(180)
async def test_two_gateways_never_accept_more_than_the_credits_pay_for(world) -> None:
    customer = await world.customer("65.7")
    url = await asyncio.to_thread(control.start_extra, "gateway", name="gateway-2", state=world.home.state)
    try:
        second = world.client(customer.key, url)
        ways = [customer.api, second] * 25
        answers = await asyncio.gather(
            *(
                way.post("/api/v1/tasks", json=seedance(), headers={"Idempotency-Key": f"distinct-{n}"})
                for n, way in enumerate(ways)
            )
        )
        assert Counter(a.status_code for a in answers) == {202: 10, 402: 40}
        for answer in answers:
            if answer.status_code == 202:
                document = await customer.finished(answer.json()["task_id"], 90)
                assert document["status"] == "succeeded", document
    finally:
        await asyncio.to_thread(control.stop_extra, "gateway-2", world.home.state)

    async def empty() -> bool:
        balance = await customer.credits()
        return (balance["available"], balance["held"]) == (0, 0)

    await until(empty, "available 0 and held 0")
    await world.books_are_right()


_LOCKED = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@pytest.mark.timeout(180)
async def test_a_key_in_flight_at_two_gateways_makes_one_task(world) -> None:
    customer = await world.customer("100")
    url = await asyncio.to_thread(control.start_extra, "gateway", name="gateway-2", state=world.home.state)
    try:
        ways = [customer.api, world.client(customer.key, url)]
        conn = await asyncpg.connect(world.facts["postgres"]["gateway"])
        transaction = conn.transaction()
        await transaction.start()
        await conn.execute("SELECT FROM balances WHERE account_id = $1 FOR UPDATE", UUID(customer.id))
        headers = {"Idempotency-Key": "both"}
        sent = [
            asyncio.create_task(way.post("/api/v1/tasks", json=seedance(), headers=headers)) for way in ways
        ]

        async def both_wait() -> bool:
            return (await world.rows("gateway", _LOCKED))[0]["count"] >= len(ways)

        await until(both_wait, "both gateways in the middle of the submit")
        await transaction.rollback()
        await conn.close()
        answers = await asyncio.gather(*sent)
    finally:
        await asyncio.to_thread(control.stop_extra, "gateway-2", world.home.state)
    accepted = [each.json()["task_id"] for each in answers if each.status_code == 202]
    refused = [each for each in answers if each.status_code != 202]
    assert len(set(accepted)) == 1
    for each in refused:
        assert (each.status_code, each.json()["error"]["code"]) == (409, "idempotency_in_progress")
        assert int(each.headers["retry-after"]) >= 1
    listed = (await customer.api.get("/api/v1/tasks")).json()["data"]
    assert [each["task_id"] for each in listed] == accepted[:1]

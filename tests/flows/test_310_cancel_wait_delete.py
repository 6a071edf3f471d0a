"""Stopping, awaiting and forgetting tasks, with the money following the facts."""

import asyncio
from typing import Any

from flow_tools import World, seedance, until, uuid_of


async def test_a_cancelled_task_costs_nothing_and_leaves_nothing_held(world: World) -> None:
    customer = await world.customer("100")
    answer = await customer.submit(seedance("to be stopped [sim:delay=240]"))
    task = answer.json()["task_id"]

    async def submitted() -> bool:
        return (await customer.task(task))["status"] == "processing"

    await until(submitted, "the provider has it")
    asked = await customer.api.post(f"/api/v1/tasks/{task}/cancel")
    assert (asked.status_code, asked.json()["cancel_requested"]) == (202, True)
    final = await customer.finished(task)
    assert (final["status"], final["cost_actual"], final["error"]["code"]) == ("cancelled", 0, "cancelled")
    assert (await customer.api.post(f"/api/v1/tasks/{task}/cancel")).status_code == 200
    balance = await customer.credits()
    assert (balance["available"], balance["held"]) == (100, 0)
    kinds = [each["type"] for each in (await customer.api.get(f"/api/v1/tasks/{task}/events")).json()["data"]]
    assert {"frozen", "submitted", "cancel_requested", "released", "cancelled"} <= set(kinds)


async def test_a_cancel_right_behind_the_submit_is_never_too_early(world: World) -> None:
    customer = await world.customer("1000")

    async def stop_at_once(n: int) -> str:
        task = (await customer.submit(seedance(f"stopped at once {n} [sim:delay=240]"))).json()["task_id"]
        assert (await customer.api.post(f"/api/v1/tasks/{task}/cancel")).status_code == 202
        return (await customer.finished(task))["status"]

    assert set(await asyncio.gather(*map(stop_at_once, range(8)))) == {"cancelled"}

    async def free() -> bool:
        balance = await customer.credits()
        return (balance["available"], balance["held"]) == (1000, 0)

    await until(free, "nothing is held")
    await world.books_are_right()


async def test_a_success_despite_a_cancel_is_delivered_and_charged(world: World) -> None:
    customer = await world.customer("100")
    await world.simulate(ark={"never_final_next": 1})
    task = (await customer.submit(seedance("goes on"))).json()["task_id"]

    async def running() -> bool:
        return (await customer.task(task))["phases"]["processing_at"] is not None

    await until(running, "the provider works on it")
    assert (await customer.api.post(f"/api/v1/tasks/{task}/cancel")).status_code == 202
    await world.finish()
    final = await customer.finished(task)
    assert (final["status"], final["cancel_requested"], final["cost_actual"]) == ("succeeded", True, 0.0657)
    conflict = await customer.api.post(f"/api/v1/tasks/{task}/cancel")
    assert (conflict.status_code, conflict.json()["task"]["status"]) == (409, "succeeded")


async def test_one_waiting_read_replaces_all_polls(world: World) -> None:
    customer = await world.customer("100")
    task = (await customer.submit(seedance("worth waiting for"))).json()["task_id"]
    document = (await customer.api.get(f"/api/v1/tasks/{task}?wait=25")).json()
    assert document["status"] == "succeeded", document


async def test_a_slow_tasks_document_says_where_it_hangs_and_its_own_deadline_ends_it(world: World) -> None:
    customer = await world.customer("100")
    body = seedance("in a hurry [sim:delay=600]") | {"deadline_seconds": 600}
    task = (await customer.submit(body)).json()["task_id"]

    async def explained() -> dict[str, Any] | None:
        attempts = (await customer.task(task))["attempts"]
        return attempts[0] if attempts and attempts[0]["route"] else None

    attempt = await until(explained, "the dispatcher's word on the attempt")
    assert (attempt["number"], attempt["provider"], attempt["ended_at"]) == (1, "ark", None)
    assert attempt["route"].startswith("ark:")
    assert attempt["next_poll_at"]
    await world.time_passes(task, 600)
    final = await customer.finished(task)
    assert (final["status"], final["error"]["code"]) == ("failed", "deadline_exceeded"), final
    assert final["cost_actual"] == 0


async def test_a_deleted_task_is_forgotten_by_everybody_but_the_ledger(world: World) -> None:
    customer = await world.customer("100")
    document = await customer.make(seedance("a secret that is to be forgotten"))
    task, link = document["task_id"], document["output"]["videos"][0]["url"]
    deleted = await customer.api.delete(f"/api/v1/tasks/{task}")
    assert (deleted.status_code, deleted.json()["output"]) == (200, None)
    assert (await world.simulator.get(link)).status_code == 404

    async def forgotten() -> bool:
        told = "SELECT count(*) AS n FROM {} WHERE task_id = $1 {}"
        jobs = await world.rows("dispatcher", told.format("jobs", "AND input::text <> '{}'"), uuid_of(task))
        copies = await world.rows("storage", told.format("copies", ""), uuid_of(task))
        erased = await world.rows(
            "storage", told.format("deletions", "AND erased_at IS NOT NULL"), uuid_of(task)
        )
        return (jobs[0]["n"], copies[0]["n"], erased[0]["n"]) == (0, 0, 1)

    await until(forgotten, "dispatcher and storage have forgotten it")
    found = await world.rows("gateway", "SELECT * FROM tasks WHERE id = $1", uuid_of(task))
    assert "secret" not in str(found)
    paid = await world.rows("ledger", "SELECT count(*) AS n FROM transfers WHERE task_id = $1", uuid_of(task))
    assert paid[0]["n"] > 0
    assert (await customer.task(task))["cost_actual"] == 0.0657
    await world.books_are_right()

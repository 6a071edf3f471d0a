import asyncio
from typing import Any


async def test_an_ark_job_announces_each_change_in_order_with_the_task_object(
    sim: Any, receiver: Any
) -> None:
    task = await sim.ark_done(await sim.ark(callback_url=f"{receiver.url}/hook", safety_identifier="t-9"))
    bodies = await receiver.until(3)
    assert [body["status"] for body in bodies] == ["queued", "running", "succeeded"]
    assert bodies[-1] == task
    assert bodies[0]["safety_identifier"] == "t-9"


async def test_order_holds_when_nothing_takes_time(sim: Any, receiver: Any) -> None:
    await sim.set(render="cached", delay_seconds=0)
    ids = [(await sim.ark(callback_url=f"{receiver.url}/hook")).json()["id"] for _ in range(20)]
    bodies = await receiver.until(60)
    for job_id in ids:
        states = [body["status"] for body in bodies if body["id"] == job_id]
        assert states == ["queued", "running", "succeeded"]


async def test_the_final_callback_is_tried_four_times_and_the_others_once(sim: Any, receiver: Any) -> None:
    receiver.answers = [500] * 20
    await sim.ark_done(await sim.ark("[sim:fail]", callback_url=f"{receiver.url}/hook"))
    bodies = await receiver.until(6)
    await asyncio.sleep(0.6)  # a fifth try would come 0.05 * 8 s after the fourth
    assert [body["status"] for body in bodies] == [
        "queued",
        "running",
        "failed",
        "failed",
        "failed",
        "failed",
    ]


async def test_a_retry_stops_at_the_first_success(sim: Any, receiver: Any) -> None:
    receiver.answers = [200, 200, 503, 200]
    await sim.ark_done(await sim.ark("[sim:fail]", callback_url=f"{receiver.url}/hook"))
    assert [body["status"] for body in await receiver.until(4)] == ["queued", "running", "failed", "failed"]


async def test_webhooks_can_be_switched_off_and_doubled(sim: Any, receiver: Any) -> None:
    await sim.set(ark={"webhooks": "off"})
    await sim.ark_done(await sim.ark("[sim:fail]", callback_url=f"{receiver.url}/hook"))
    await sim.set(ark={"webhooks": "double"})
    await sim.ark_done(await sim.ark("[sim:fail]", callback_url=f"{receiver.url}/hook"))
    bodies = await receiver.until(6)
    assert [body["status"] for body in bodies] == ["queued"] * 2 + ["running"] * 2 + ["failed"] * 2


async def test_a_late_webhook_comes_after_the_result(sim: Any, receiver: Any) -> None:
    await sim.set(ark={"webhooks": "delay", "webhook_delay_seconds": 0.8, "delay_seconds": 0.1})
    await sim.ark_done(await sim.ark("[sim:fail]", callback_url=f"{receiver.url}/hook"))
    assert (await receiver.until(1))[0]["status"] == "queued"
    assert receiver.times[0] >= (await sim.log())[0]["accepted_at"] + 0.7


async def test_a_cancelled_job_sends_nothing_more(sim: Any, receiver: Any) -> None:
    submitted = await sim.ark("[sim:queued]", callback_url=f"{receiver.url}/hook")
    await receiver.until(1)
    await sim.http.delete(f"/ark/api/v3/contents/generations/tasks/{submitted.json()['id']}")
    assert [body["status"] for body in receiver.bodies] == ["queued"]


async def test_luma_tries_three_times_more_until_it_is_told_200(sim: Any, receiver: Any) -> None:
    receiver.answers = [200, 202, 204, 500, 200]
    body = {"model": "ray-flash-2", "prompt": "a street", "callback_url": f"{receiver.url}/hook"}
    await sim.http.post("/luma/dream-machine/v1/generations/video", json=body)
    bodies = await receiver.until(5)
    assert [body["state"] for body in bodies] == ["dreaming", *["completed"] * 4]

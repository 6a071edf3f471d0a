"""A customer is told by webhook what became of a task: from the submit, over every service, to a listener."""

from typing import Any

from flow_tools import Customer, seedance, until

LISTENERS = "/api/v1/webhooks/listeners"


async def test_the_document_of_a_final_task_is_told_and_so_are_few_credits(world) -> None:
    customer: Customer = await world.customer("20")
    listener = (await customer.api.post(LISTENERS, json={})).json()
    await customer.api.put("/api/v1/webhooks/notices", json={"credits_low": 19})
    document = await customer.make(seedance())
    told: dict[str, dict[str, Any]] = {}

    async def both() -> bool:
        asked = {"wait": 5, "acknowledge": [each["delivery_id"] for each in told.values()]}
        answer = await customer.api.post(f"{LISTENERS}/{listener['id']}/poll", json=asked)
        told.update({each["payload"]["type"]: each for each in answer.json()["data"]})
        return told.keys() >= {"task.succeeded", "credits.low"}

    await until(both, "the events to be told")
    assert told["task.succeeded"]["payload"]["data"] == document
    low = told["credits.low"]["payload"]["data"]
    assert low["threshold"] == 19
    assert low["available"] < 19


async def test_a_private_webhook_url_is_never_called_and_the_log_says_so(world) -> None:
    customer: Customer = await world.customer("20")
    body = seedance() | {"webhook_url": "https://127.0.0.1/inside"}
    document = await customer.make(body)

    async def attempted() -> dict[str, Any] | None:
        query = {"task_id": document["task_id"]}
        found = (await customer.api.get("/api/v1/webhooks/deliveries", params=query)).json()["data"]
        return found[0] if found and found[0]["attempts"] else None

    delivery = await until(attempted, "an attempt")
    full = (await customer.api.get(f"/api/v1/webhooks/deliveries/{delivery['id']}")).json()
    assert (full["status"], full["log"][0]["error"]) == ("pending", "address_refused")

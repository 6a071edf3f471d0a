"""What an account has beside tasks, over the whole stack: keys, uploads, webhooks, figures."""

import asyncio
from base64 import b64decode
from typing import Any

import httpx
from flow_tools import Customer, World, got, picture, seedance, until, wan
from possessions import brought
from stack import control

HOOKS = "/api/v1/webhooks"
PIXELS = b64decode(picture((9, 9, 9)).partition(",")[2])


async def test_a_key_is_made_narrowed_renamed_and_deleted(world: World) -> None:
    customer = await world.customer("10")
    made = got(await customer.api.post("/api/v1/keys", json={"name": "app", "scopes": ["read"]}), 201)
    path = f"/api/v1/keys/{made['id']}"
    narrow = world.client(made["key"])
    assert (
        got(await narrow.post("/api/v1/tasks", json=seedance()), 403)["error"]["code"] == "insufficient_scope"
    )
    assert got(await customer.api.patch(path, json={"name": "other"}))["name"] == "other"

    async def used() -> bool:
        return got(await customer.api.get(path))["last_used_at"] is not None

    await until(used, "the use of the key is noted")
    assert len(got(await customer.api.get("/api/v1/keys"))["data"]) == 2
    got(await customer.api.delete(path), 204)

    async def refused() -> bool:
        return (await narrow.get("/api/v1/credits")).status_code == 401

    await until(refused, "the key is refused")


async def test_an_estimate_is_what_a_task_then_costs_and_the_figures_say_so(world: World) -> None:
    customer = await world.customer("100")
    estimate = got(await customer.api.post("/api/v1/tasks/estimate", json=seedance()))
    document = await customer.make(seedance() | {"metadata": {"shop": "7"}})
    assert document["cost_actual"] == estimate["cost_estimate"] == 0.0657
    moved = got(await customer.api.get("/api/v1/credits/history"))["data"]
    assert [each["kind"] for each in moved] == ["settle", "freeze", "grant"]
    used = got(await customer.api.get("/api/v1/usage", params={"group_by": "model,metadata.shop"}))["data"]
    assert (used[0]["model"], used[0]["metadata.shop"], used[0]["succeeded"]) == (document["model"], "7", 1)
    listed = got(await customer.api.get("/api/v1/tasks", params={"metadata.shop": "7"}))["data"]
    assert [each["task_id"] for each in listed] == [document["task_id"]]
    models = got(await customer.api.get("/api/v1/models"))["data"]
    assert len(models) > 30
    shown = got(await customer.api.get(f"/api/v1/models/{document['model']}"))
    assert shown["schema"]["required"] == ["prompt"]


async def test_a_tasks_links_are_revoked_one_or_all(world: World) -> None:
    customer = await world.customer("100")
    for path in ("/{token}", ""):
        document = await customer.make(seedance())
        [link] = document["output"]["videos"]
        assert (await world.simulator.get(link["url"])).status_code == 200
        where = path.format(token=link["url"].split("/")[-2])
        got(await customer.api.delete(f"/api/v1/tasks/{document['task_id']}/links{where}"))
        assert (await world.simulator.get(link["url"])).status_code == 404


async def test_an_upload_becomes_a_video_and_is_deleted(world: World) -> None:
    customer = await world.customer("100")
    upload = await brought(customer)
    path = f"/api/v1/uploads/{upload}"
    assert (await world.simulator.get(got(await customer.api.get(path))["url"])).content == PIXELS
    document = await customer.make(wan(upload))
    assert document["status"] == "succeeded", document
    assert [each["id"] for each in got(await customer.api.get("/api/v1/uploads"))["data"]] == [upload]
    got(await customer.api.delete(path), 204)


async def test_an_upload_goes_past_us_where_the_object_store_is_public(world: World) -> None:
    customer = await world.customer("100")
    public = {"GATEWAY_S3_PUBLIC_ENDPOINT": world.facts["s3_endpoint"]}
    url = await asyncio.to_thread(
        control.start_extra, "gateway", name="gateway-public", state=world.home.state, environment=public
    )
    try:
        api = world.client(customer.key, url)
        announced = {"file_name": "a.png", "content_type": "image/png", "size_bytes": len(PIXELS)}
        address = got(await api.post("/api/v1/uploads/presign", json=announced), 201)
        async with httpx.AsyncClient(trust_env=False) as outside:
            put = await outside.put(address["url"], content=PIXELS, headers=address["headers"])
        assert put.status_code == 200, put.text
        completed = got(await api.post(f"/api/v1/uploads/{address['id']}/complete"))
        assert (completed["size_bytes"], completed["kind"]) == (len(PIXELS), "image")
        sent = await api.get(completed["url"].replace(world.facts["gateway_url"], url))
        assert (sent.status_code, sent.headers["location"].startswith(world.facts["s3_endpoint"])) == (
            307,
            True,
        )
    finally:
        await asyncio.to_thread(control.stop_extra, "gateway-public", world.home.state)


async def test_an_endpoint_is_made_tried_changed_and_removed(world: World) -> None:
    customer: Customer = await world.customer("100")
    made = got(await customer.api.post(HOOKS, json={"url": "https://hooks.example.com/v"}), 201)
    path = f"{HOOKS}/{made['id']}"
    sent = got(await customer.api.post(f"{path}/test"), 202)

    async def tried() -> dict[str, Any] | None:
        found = got(await customer.api.get(f"{HOOKS}/deliveries/{sent['id']}"))
        return found if found["log"] else None

    delivery = await until(tried, "an attempt")
    assert delivery["payload"]["type"] == "webhook.test"
    listed = got(await customer.api.get(f"{HOOKS}/deliveries", params={"endpoint_id": made["id"]}))["data"]
    assert [each["id"] for each in listed] == [sent["id"]]
    assert got(await customer.api.post(f"{HOOKS}/deliveries/{sent['id']}/redeliver"), 202)["id"] == sent["id"]
    again = {"since": made["created_at"], "status": "all"}
    assert got(await customer.api.post(f"{path}/redeliver", json=again), 202)["redelivered"] == 0, (
        "it still tries"
    )
    assert got(await customer.api.post(f"{path}/rotate-secret"))["secret"].startswith("whsec_")
    assert got(await customer.api.patch(path, json={"enabled": False}))["disabled_reason"] == "owner"
    assert got(await customer.api.get(path))["enabled"] is False
    assert [each["id"] for each in got(await customer.api.get(HOOKS))["data"]] == [made["id"]]
    got(await customer.api.delete(path), 204)
    assert got(await customer.api.get(HOOKS))["data"] == []


async def test_notices_the_default_secret_and_listeners_are_the_accounts_own(world: World) -> None:
    customer = await world.customer("100")
    notices = {"credits_low": 5}
    assert got(await customer.api.put(f"{HOOKS}/notices", json=notices))["credits_low"] == 5
    assert got(await customer.api.get(f"{HOOKS}/notices"))["credits_low"] == 5
    rotated = got(await customer.api.post(f"{HOOKS}/default-secret/rotate", json={"overlap_hours": 1}))
    assert rotated["secret"].startswith("whsec_")
    assert got(await customer.api.get(f"{HOOKS}/default-secret"))["rotated_at"] == rotated["rotated_at"]
    listener = got(await customer.api.post(f"{HOOKS}/listeners", json={"events": ["task.succeeded"]}), 201)
    path = f"{HOOKS}/listeners/{listener['id']}"
    task = (await customer.make(seedance()))["task_id"]

    async def told() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = got(await customer.api.post(f"{path}/poll", json={"wait": 5}))["data"]
        return found

    [event] = await until(told, "the event")
    assert event["payload"]["data"]["task_id"] == task
    got(await customer.api.delete(path), 204)

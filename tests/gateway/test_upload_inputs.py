"""Uploads as inputs: what a task names is its account's, of the right kind, and stays while it is needed."""

import base64
from typing import Any

import pytest
from contracts.ids import task_from_text
from gateway_tools import Customer, World, seedance
from upload_files import FORM_HEADERS, chunk, form, left_behind, picture, sound

PATH = "/api/v1/uploads"


@pytest.fixture
def world(stored_world: World) -> World:
    return stored_world


async def upload(customer: Customer, content: bytes) -> dict[str, Any]:
    made = await customer.api.post(PATH, content=form(content), headers=FORM_HEADERS)
    assert made.status_code == 201, made.text
    shown: dict[str, Any] = made.json()
    return shown


async def input_of(world: World, task: str) -> dict[str, Any]:
    row: dict[str, Any] = await world.db.pool.fetchval(
        "SELECT input FROM tasks WHERE id = $1", task_from_text(task)
    )
    return row


def uri(content: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(content).decode()


def heavy(size: int) -> bytes:
    """A sound PNG of so many bytes and a few more."""
    whole = picture()
    return whole[:33] + chunk(b"prVt", bytes(size)) + whole[33:]


async def test_an_upload_is_named_by_its_id_or_link(world: World) -> None:
    customer = await world.customer("100")
    file = await upload(customer, picture())
    for name in (file["id"], f"upload://{file['id']}", file["url"]):
        accepted = await customer.submit(seedance(image_urls=[name]))
        assert accepted.status_code == 202, accepted.text
        assert (await input_of(world, accepted.json()["task_id"]))["image_urls"] == [file["url"]]
    roles = {"image_with_roles": [{"url": file["id"], "role": "first_frame"}]}
    accepted = await customer.submit(seedance(**roles))
    assert (await input_of(world, accepted.json()["task_id"]))["image_with_roles"][0]["url"] == file["url"]
    estimate = await customer.api.post("/api/v1/tasks/estimate", json=seedance(image_urls=[file["id"]]))
    assert estimate.status_code == 200


async def test_anothers_upload_is_like_one_that_never_was(world: World) -> None:
    mine, other = await world.customer("100"), await world.customer("100")
    file = await upload(mine, picture())
    for name in (file["id"], "file_01ARZ3NDEKTSV4RRFFQ69G5FAV"):
        refused = await other.submit(seedance(image_urls=[name]))
        error = refused.json()["error"]
        assert (refused.status_code, error["code"], error["param"]) == (
            422,
            "upload_not_found",
            "input.image_urls[0]",
        )
        assert len(error["details"]) == 1


async def test_an_upload_of_the_wrong_kind_is_refused(world: World) -> None:
    customer = await world.customer("100")
    file = await upload(customer, sound())
    for name in (file["id"], file["url"]):
        refused = await customer.submit(seedance(image_urls=[name]))
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "wrong_media_kind")


async def test_an_upload_stays_while_a_task_needs_it(world: World) -> None:
    customer = await world.customer("100")
    file = await upload(customer, picture())
    await world.db.pool.execute(
        "UPDATE uploads SET expires_at = now() + interval '1 minute' WHERE account_id = $1", customer.id
    )
    task = (await customer.submit(seedance(image_urls=[file["id"]]))).json()["task_id"]
    left = "SELECT expires_at - now() > interval '24 hours' FROM uploads WHERE account_id = $1"
    assert await world.db.pool.fetchval(left, customer.id)
    refused = await customer.api.delete(f"{PATH}/{file['id']}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "upload_in_use")
    await world.db.pool.execute(
        "UPDATE tasks SET status = 'failed', finished_at = now(), closed_at = now(), charged_micro = 0, "
        "closed_outcome = 'released', closed_reason = 'provider_failed' WHERE id = $1",
        task_from_text(task),
    )
    assert (await customer.api.delete(f"{PATH}/{file['id']}")).status_code == 204


async def test_a_large_data_uri_becomes_an_upload_once(world: World) -> None:
    customer = await world.customer("100")
    body = seedance(image_urls=[uri(heavy(300_000))])
    first = await customer.submit(body, key="k")
    assert first.status_code == 202, first.text
    (url,) = (await input_of(world, first.json()["task_id"]))["image_urls"]
    (file,) = (await customer.api.get(PATH)).json()["data"]
    assert (url, file["kind"]) == (file["url"], "image")
    assert (await customer.submit(body, key="k")).json() == first.json()
    assert len((await customer.api.get(PATH)).json()["data"]) == 1


async def test_a_small_data_uri_travels_with_the_task(world: World) -> None:
    customer = await world.customer("100")
    given = uri(picture())
    task = (await customer.submit(seedance(image_urls=[given]))).json()["task_id"]
    assert (await input_of(world, task))["image_urls"] == [given]
    assert (await customer.api.get(PATH)).json()["data"] == []


async def test_a_large_data_uri_may_be_all_that_a_body_holds(world: World) -> None:
    customer = await world.customer("100")
    assert (await customer.submit(seedance(image_urls=[uri(heavy(780_000))]))).status_code == 202


async def test_a_large_data_uri_is_checked_like_any_file(world: World) -> None:
    customer = await world.customer("100")
    refused = await customer.submit(seedance(image_urls=[uri(b"<html>" + bytes(300_000))]))
    error = refused.json()["error"]
    assert (refused.status_code, error["code"], error["param"]) == (
        422,
        "unsupported_media_type",
        "input.image_urls[0]",
    )
    assert await left_behind(world, customer.id) == []
    assert await world.db.pool.fetchval("SELECT count(*) FROM tasks WHERE account_id = $1", customer.id) == 0

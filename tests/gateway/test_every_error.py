"""Errors that take something to be there: a file, a video of the account's, a key that was used before."""

from typing import Any

import httpx
import pytest
from api_document import operations
from api_samples import BODIES, address
from contracts.ids import to_text
from gateway.app import make_app
from gateway.outbound.rate_store import RateStore
from gateway.usecases import create_key
from gateway_tools import Customer, World, seedance
from gateway_worlds import close_world, open_world
from operator_setting import OperatorSetting
from runtime.db import Database
from runtime.outbox.recorder import Outbox
from stack.servers import Servers
from surface_tools import PROVIDERS, asset, complete
from test_files import CONTENT, SHA, put
from test_quickstart_files import picture
from upload_files import FORM_HEADERS, form, store
from webhook_setting import Setting

NAMED = ("/content", "{task_id}")
FOX = {"prompt": "a fox in the snow"}


@pytest.fixture
def world(surface_world: World) -> World:
    return surface_world


async def kept(world: World, servers: Servers, customer: Customer, text: str, kind: str = "video") -> str:
    """A finished task's file, with bytes behind it; its name."""
    key = f"gateway-test/{text}"
    await put(servers, key, CONTENT)
    made = asset(text, kind, bucket=servers.s3_bucket, object_key=key, size_bytes=len(CONTENT), sha256=SHA)
    await complete(world, customer, text, made)
    return made.file_name


async def video_of(world: World, servers: Servers, customer: Customer) -> tuple[str, str]:
    """A video's task and its file, of a model that takes videos too."""
    answer = await customer.api.post("/api/v1/tasks", json=seedance())
    text = answer.json()["task_id"]
    return text, await kept(world, servers, customer, text)


async def files_of(world: World, servers: Servers, customer: Customer) -> dict[str, str]:
    """An address for each operation that sends a file."""
    text, name = await video_of(world, servers, customer)
    answer = await customer.api.post("/api/generate-image", json=FOX)
    [image] = answer.json()["job_ids"]
    image_name = await kept(world, servers, customer, image, "image")
    form = {"image": ("a.png", picture(), "image/png")}
    brought = (await customer.api.post("/api/upload-image", files=form)).json()["filename"]
    return {
        "/api/video/{filename}": f"/api/video/{name}",
        "/api/image/{filename}": f"/api/image/{image_name}",
        "/api/input-image/{filename}": f"/api/input-image/{brought}",
        "/v1/videos/{video_id}/content": f"/v1/videos/{text}/content",
        "/files/{token}/{name}": f"/files/tok-{text}/{name}",
    }


async def test_every_file_is_sent_whole_in_part_not_again_and_not_beyond_its_end(
    world: World, servers: Servers
) -> None:
    customer = await world.customer("1000")
    addresses = await files_of(world, servers, customer)
    sending = {path for (method, path), each in operations().items() if "206" in each["responses"]}
    assert sending == addresses.keys()
    for where in addresses.values():
        whole = await customer.api.get(where)
        tag = {"If-None-Match": whole.headers["etag"]}
        statuses = [
            (await customer.api.get(where, headers=headers)).status_code
            for headers in ({"Range": "bytes=1-2"}, tag, {"Range": "bytes=9999999-"})
        ]
        assert (whole.status_code, statuses) == (200, [206, 304, 416]), where


async def test_a_videos_content_is_elsewhere_where_the_object_store_is_public(
    make_world: Any, servers: Servers
) -> None:
    world = await make_world(**store(servers, s3_public_endpoint=servers.s3_endpoint))
    customer = await world.customer("100")
    text, _ = await video_of(world, servers, customer)
    answer = await customer.api.get(f"/v1/videos/{text}/content")
    assert answer.status_code == 307
    assert answer.headers["location"].startswith(servers.s3_endpoint)
    wrong = await customer.api.get(f"/v1/videos/{text}/content", params={"variant": "hologram"})
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "variant")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        each
        for each, described in operations().items()
        if any(parameter["name"] == "Idempotency-Key" for parameter in described.get("parameters", ()))
        and "{" not in each[1]
        and each in BODIES
    ],
)
async def test_a_submits_key_is_for_one_payload_and_its_model_is_known(
    hasty_world: World, method: str, path: str
) -> None:
    customer, headers = await hasty_world.customer("1000"), {"Idempotency-Key": "one"}
    body = BODIES[method, path]
    assert (await customer.api.post(path, json=body, headers=headers)).status_code in {200, 202, 504}
    name = "input" if path.endswith("/speech") else "prompt"
    other = body | ({"metadata": {"a": "b"}} if path == "/api/v1/tasks" else {name: "another"})
    assert (await customer.api.post(path, json=other, headers=headers)).status_code == 409
    assert (await customer.api.post(path, json=body | {"model": "no-such-model"})).status_code == 404


async def test_a_list_takes_no_parameter_that_it_does_not_know(customers: OperatorSetting) -> None:
    ids = {"account_id": to_text("acct_", customers.ann.id)}
    for (method, path), described in operations().items():
        fault = next((each for each in ("400", "422") if each in described["responses"]), None)
        if method != "GET" or fault is None or "/services/" in path or path.endswith(NAMED):
            continue
        api = customers.operator.api if "/admin/" in path else customers.ann.api
        answer = await api.get(address(path, **ids), params={"no_such_parameter": "1"})
        assert str(answer.status_code) == fault, (path, answer.text)


async def test_an_operators_bodies_are_read_before_a_service_is_asked(customers: OperatorSetting) -> None:
    for path in ("dead-letters/1/replay", "outbox/replay"):
        where = f"/api/v1/admin/services/ledger/{path}"
        for body, status in ((b"{", 400), (b'{"nonsense": 1}', 422), (b"[" * 1_100_000, 413)):
            assert (await customers.operator.api.post(where, content=body)).status_code == status, where


async def test_an_account_has_so_many_keys(
    customers: OperatorSetting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(create_key, "MOST_KEYS", 1)
    one = f"/api/v1/admin/accounts/{to_text('acct_', customers.ann.id)}"
    for api, path in ((customers.ann.api, "/api/keys"), (customers.operator.api, f"{one}/keys")):
        refused = await api.post(path, json={"name": "one more"})
        assert (refused.status_code, "at most 1 keys" in refused.text) == (409, True)


async def test_what_is_not_over_is_not_deleted_and_has_no_links(world: World) -> None:
    customer = await world.customer("1000")
    text = (await customer.api.post("/api/v1/tasks", json=seedance())).json()["task_id"]
    image = (await customer.api.post("/api/generate-image", json=FOX)).json()["job_ids"][0]
    [row] = (await customer.api.get("/api/image-generations")).json()["generations"]
    one_image = f"/api/image-generations/{row['id']}"
    for path, status in (
        (f"/v1/videos/{text}", 409),
        (f"/api/v1/tasks/{text}/links/x", 409),
        (one_image, 400),
    ):
        assert (await customer.api.delete(path)).status_code == status, path
    await complete(world, customer, image, asset(image, "image"))
    assert (await customer.api.delete(one_image)).json() == {"id": row["id"], "deleted": True}


async def test_a_file_that_takes_too_long_or_has_become_too_large_is_refused(
    make_world: Any, servers: Servers
) -> None:
    world = await make_world(**store(servers, s3_public_endpoint=servers.s3_endpoint))
    customer, content, path = await world.customer(), picture(), "/api/v1/uploads"
    announced = {"file_name": "a.png", "content_type": "image/png", "size_bytes": len(content)}
    for changed, status in (({"upload_seconds": 0.000_001}, 408), ({"max_image_bytes": 10}, 413)):
        address = (await customer.api.post(f"{path}/presign", json=announced)).json()
        async with httpx.AsyncClient(trust_env=False) as outside:
            await outside.put(address["url"], content=content, headers=address["headers"])
        settings = world.settings.model_copy(update=changed)
        parts = (Outbox("gateway"), world.follow, world.objects, RateStore("memory://"))
        api = world.client(customer.key, make_app(settings, world.db, *parts))
        sent = await api.post(path, content=form(content, "a.png"), headers=FORM_HEADERS)
        completed = await api.post(f"{path}/{address['id']}/complete")
        assert (sent.status_code, completed.status_code) == (status, status), changed


async def test_an_account_listens_so_many_times_at_once(setting: Setting) -> None:
    statuses = [
        (await setting.ann.api.post("/api/v1/webhooks/listeners", json={})).status_code for _ in range(6)
    ]
    assert statuses == [201] * 5 + [409]


@pytest.fixture(scope="module")
async def hasty_world(databases: Any) -> Any:
    """A gateway that holds no connection for a result."""
    db = Database(await databases.fresh("gateway"), name="hasty", pool_size=4)
    await db.start()
    world = await open_world(db, providers=PROVIDERS, most_hold_seconds=0.01)
    yield world
    await close_world(world)
    await db.stop()

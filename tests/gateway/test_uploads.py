"""Uploads on a real object store: what is taken, what is refused, and that nothing is left of the latter."""

import hashlib
import os
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from gateway.outbound.upload_store import UploadStore
from gateway.usecases.expire_uploads import ExpireUploads
from gateway_tools import Customer, World
from stack.servers import Servers
from upload_files import FORM_HEADERS, bomb, form, left_behind, picture, sound, store, video

PATH = "/api/v1/uploads"


@pytest.fixture
def world(stored_world: World) -> World:
    return stored_world


async def upload(customer: Customer, content: bytes, name: str = "a.png", **form_of: str) -> httpx.Response:
    return await customer.api.post(PATH, content=form(content, name, **form_of), headers=FORM_HEADERS)


async def sweep(world: World) -> None:
    await ExpireUploads(world.db, UploadStore(world.objects, world.settings.s3_bucket))()


@pytest.mark.parametrize(
    ("content", "kind", "content_type", "size"),
    [
        (picture("PNG"), "image", "image/png", (64, 48)),
        (picture("JPEG"), "image", "image/jpeg", (64, 48)),
        (picture("WEBP"), "image", "image/webp", (64, 48)),
        (sound(), "audio", "audio/wav", (None, None)),
        (video(), "video", "video/mp4", (None, None)),
    ],
    ids=lambda value: value if isinstance(value, str) else "-",
)
async def test_a_file_is_what_its_bytes_are(
    world: World, content: bytes, kind: str, content_type: str, size: Any
) -> None:
    customer = await world.customer()
    made = await upload(customer, content, "My file.exe", claimed="text/html")
    assert made.status_code == 201, made.text
    shown = made.json()
    assert (shown["kind"], shown["content_type"]) == (kind, content_type)
    assert (shown["width"], shown["height"]) == size
    assert (shown["size_bytes"], shown["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert shown["file_name"].startswith("My file.")
    assert (await customer.api.get(made.headers["location"])).json() == shown
    assert (await customer.api.get(PATH)).json()["data"] == [shown]


async def test_a_large_file_passes_in_parts_and_comes_back_by_its_link(
    make_world: Any, servers: Servers
) -> None:
    world = await make_world(**store(servers))
    customer = await world.customer()
    content = video(24) + os.urandom(17_000_001)
    shown = (await upload(customer, content, "clip.mp4")).json()
    anyone = world.client()
    url = shown["url"].removeprefix("http://files.test")
    assert (await anyone.get(url)).content == content
    part = await anyone.get(url, headers={"Range": "bytes=8388600-8388700"})
    assert (part.status_code, part.content) == (206, content[8388600:8388701])


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "empty_file"),
        (b"<html><script>alert(1)</script></html>", 422, "unsupported_media_type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 422, "unsupported_media_type"),
        (b"GIF89a" + bytes(100), 422, "unsupported_media_type"),
        (picture()[:-20], 422, "invalid_media"),
        (picture()[:20], 422, "invalid_media"),
        (picture() + b"PK\x03\x04 a second file", 422, "invalid_media"),
        (picture("WEBP") + b"<script>", 422, "invalid_media"),
        (picture("JPEG")[:100], 422, "invalid_media"),
        (b"\xff\xd8\xff" + bytes(5000), 422, "invalid_media"),
        (bomb(60_000, 60_000), 422, "image_too_large"),
        (bomb(16_000, 4_000), 422, "image_too_large"),
        (bomb(30_000, 10), 422, "image_too_large"),
        (bomb(0, 10), 422, "invalid_media"),
        (picture() + bytes(10_000_001), 413, "file_too_large"),
        (video(20_000_001), 413, "file_too_large"),
    ],
    ids=lambda value: "-" if isinstance(value, bytes) else str(value),
)
async def test_what_is_refused_leaves_nothing_behind(
    world: World, content: bytes, status: int, code: str
) -> None:
    customer = await world.customer()
    refused = await upload(customer, content)
    assert (refused.status_code, refused.json()["error"]["code"]) == (status, code)
    assert refused.json()["error"]["param"] == "file"
    assert await left_behind(world, customer.id) == []
    assert (await customer.api.get(PATH)).json()["data"] == []
    await sweep(world)
    kept = "SELECT count(*) FROM uploads WHERE account_id = $1"
    assert await world.db.pool.fetchval(kept, customer.id) == 0


WHOLE = form(picture())
SECOND = (
    b'\r\n------a-boundary\r\nContent-Disposition: form-data; name="more"\r\n\r\nx\r\n------a-boundary--\r\n'
)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (WHOLE[:-25], 400, "invalid_form"),
        (WHOLE[: len(WHOLE) // 2], 400, "invalid_form"),
        (WHOLE[:40], 400, "invalid_form"),
        (b"", 400, "invalid_form"),
        (b"garbage", 400, "invalid_form"),
        (WHOLE.removesuffix(b"\r\n------a-boundary--\r\n") + SECOND, 400, "unknown_field"),
        (WHOLE.replace(b'name="file"', b'name="other"'), 400, "unknown_field"),
        (WHOLE.replace(b'; filename="a.png"', b""), 422, "invalid_type"),
        (WHOLE.replace(b'"a.png"', b'"' + b"a" * 9000 + b'"'), 400, "invalid_form"),
        (b"------a-boundary--\r\n", 422, "required"),
    ],
    ids=lambda value: "-" if isinstance(value, bytes) else str(value),
)
async def test_a_form_that_is_none_is_refused_and_leaves_nothing_behind(
    world: World, body: bytes, status: int, code: str
) -> None:
    customer = await world.customer()
    refused = await customer.api.post(PATH, content=body, headers=FORM_HEADERS)
    assert (refused.status_code, refused.json()["error"]["code"]) == (status, code)
    assert await left_behind(world, customer.id) == []


async def test_a_body_of_another_type_is_no_form(world: World) -> None:
    customer = await world.customer()
    for kind in ("application/json", "multipart/form-data", "multipart/mixed; boundary=x"):
        refused = await customer.api.post(PATH, content=WHOLE, headers={"Content-Type": kind})
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_form")


async def test_a_large_file_that_is_cut_off_leaves_nothing_behind(world: World) -> None:
    customer = await world.customer()
    body = form(video(18_000_000))[:-1000]

    async def sent() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 1_000_000):
            yield body[at : at + 1_000_000]

    refused = await customer.api.post(PATH, content=sent(), headers=FORM_HEADERS)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_form")
    assert await left_behind(world, customer.id) == []


@pytest.mark.parametrize(
    ("claimed", "shown"),
    [
        ("../../etc/passwd", "passwd.png"),
        ("..\\..\\windows\\system.ini", "system.png"),
        ("/", "image.png"),
        ("...", "image.png"),
        (".htaccess", "htaccess.png"),
        ("a%2F..%2Fb.png", "a_2F.._2Fb.png"),
        ("x\u202egnp.exe", "xgnp.png"),
        ("pic?.php", "pic_.png"),
        ("ürsprünglich.jpeg", "ürsprünglich.png"),
        ("a" * 300, "a" * 100 + ".png"),
    ],
)
async def test_a_name_is_only_a_name(world: World, claimed: str, shown: str) -> None:
    customer = await world.customer()
    body = form(picture(), "NAME").replace(b"NAME", claimed.replace("\\", "\\\\").encode())
    made = (await customer.api.post(PATH, content=body, headers=FORM_HEADERS)).json()
    assert made["file_name"] == shown
    assert (await world.client().head(made["url"].removeprefix("http://files.test"))).status_code in {
        200,
        307,
    }


async def test_an_upload_is_its_accounts_alone(world: World) -> None:
    mine, other = await world.customer(), await world.customer()
    made = (await upload(mine, picture())).json()
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/complete")):
        theirs = await other.api.request(method, f"{PATH}/{made['id']}{path}")
        random = await other.api.request(method, f"{PATH}/file_01ARZ3NDEKTSV4RRFFQ69G5FAV{path}")
        assert (theirs.status_code, random.status_code) == (404, 404)
        assert theirs.json()["error"]["code"] == random.json()["error"]["code"] == "upload_not_found"
    assert (await other.api.get(PATH)).json()["data"] == []


async def test_a_deleted_upload_is_gone_with_its_object(world: World) -> None:
    customer = await world.customer()
    made = (await upload(customer, picture())).json()
    assert len(await left_behind(world, customer.id)) == 1
    assert (await customer.api.delete(f"{PATH}/{made['id']}")).status_code == 204
    assert (await customer.api.get(f"{PATH}/{made['id']}")).status_code == 404
    assert (await world.client().get(made["url"].removeprefix("http://files.test"))).status_code == 404
    await sweep(world)
    assert await left_behind(world, customer.id) == []


async def test_an_unused_upload_expires(world: World) -> None:
    customer = await world.customer()
    old, young = [(await upload(customer, picture())).json() for _ in range(2)]
    await world.db.pool.execute(
        "UPDATE uploads SET expires_at = now() - interval '1 second' WHERE token = $1",
        old["url"].split("/")[-2],
    )
    await sweep(world)
    assert (await customer.api.get(f"{PATH}/{old['id']}")).status_code == 404
    assert (await customer.api.get(f"{PATH}/{young['id']}")).status_code == 200
    assert len(await left_behind(world, customer.id)) == 1


async def test_the_list_goes_on_where_it_ended(world: World) -> None:
    customer = await world.customer()
    ids = [(await upload(customer, picture())).json()["id"] for _ in range(3)]
    first = (await customer.api.get(PATH, params={"limit": 2})).json()
    rest = (await customer.api.get(PATH, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [each["id"] for each in first["data"] + rest["data"]] == ids[::-1]
    assert (first["has_more"], rest["has_more"], rest["next_cursor"]) == (True, False, None)
    other = await world.customer()
    stolen = await other.api.get(PATH, params={"cursor": first["next_cursor"]})
    assert (stolen.status_code, stolen.json()["error"]["param"]) == (422, "cursor")


async def announced(customer: Customer, content: bytes, **changes: Any) -> httpx.Response:
    body = {"file_name": "p.png", "content_type": "image/png", "size_bytes": len(content), **changes}
    return await customer.api.post(f"{PATH}/presign", json=body)


async def put(address: dict[str, Any], content: bytes) -> int:
    async with httpx.AsyncClient(trust_env=False) as anyone:
        headers = address["headers"] | {"Content-Length": str(len(content))}
        return (await anyone.put(address["url"], content=content, headers=headers)).status_code


async def test_a_file_can_be_put_into_the_store_directly(world: World) -> None:
    customer, content = await world.customer(), picture()
    answer = await announced(customer, content)
    assert answer.status_code == 201, answer.text
    address = answer.json()
    complete = f"{PATH}/{address['id']}/complete"
    early = await customer.api.post(complete)
    assert (early.status_code, early.json()["error"]["code"]) == (409, "upload_not_received")
    assert (await customer.api.get(f"{PATH}/{address['id']}")).status_code == 404
    assert await put(address, content) == 200
    made = await customer.api.post(complete)
    assert (made.status_code, made.json()["sha256"]) == (200, hashlib.sha256(content).hexdigest())
    assert (await customer.api.post(complete)).json() == made.json()
    assert await put(address, picture("PNG", (63, 48))) in {200, 403}
    link = made.json()["url"].removeprefix("http://files.test")
    found = await world.client().get(link)
    async with httpx.AsyncClient(trust_env=False) as anyone:
        assert (await anyone.get(found.headers["location"])).content == content
    await customer.api.delete(f"{PATH}/{address['id']}")
    await sweep(world)
    assert await left_behind(world, customer.id) == []


async def test_what_was_put_directly_is_checked_like_any_other(world: World) -> None:
    customer = await world.customer()
    content = b"<html>" + bytes(100)
    address = (await announced(customer, content)).json()
    assert await put(address, content) == 200
    refused = await customer.api.post(f"{PATH}/{address['id']}/complete")
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "unsupported_media_type")
    assert (await customer.api.post(f"{PATH}/{address['id']}/complete")).status_code == 404
    await sweep(world)
    assert await left_behind(world, customer.id) == []


async def test_a_direct_upload_is_refused_for_what_is_known_before(world: World) -> None:
    customer = await world.customer()
    large = await announced(customer, b"", size_bytes=10_000_001)
    assert (large.status_code, large.json()["error"]["code"]) == (413, "file_too_large")
    odd = await announced(customer, b"x", content_type="text/html")
    assert (odd.status_code, odd.json()["error"]["param"]) == (422, "content_type")


async def test_without_a_public_store_there_is_no_direct_upload(make_world: Any, servers: Servers) -> None:
    customer = await (await make_world(**store(servers))).customer()
    refused = await announced(customer, b"x")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "direct_upload_unavailable")


async def test_a_tier_bounds_what_may_be_uploaded(make_world: Any, servers: Servers) -> None:
    world = await make_world(**store(servers))
    free = await world.customer(tier="free")
    said = {**FORM_HEADERS, "Content-Length": "51000000"}
    refused = await free.api.post(PATH, content=form(video()), headers=said)
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "file_too_large")


async def test_a_store_that_is_away_is_a_503_and_the_upload_can_be_sent_again(make_world: Any) -> None:
    customer = await (await make_world()).customer()
    refused = await upload(customer, picture())
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "storage_unavailable")
    assert refused.headers["retry-after"] == "2"

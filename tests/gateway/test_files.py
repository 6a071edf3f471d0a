"""Result links: streamed from a real object store, whole and in parts, until they are revoked."""

import hashlib
import os
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import aioboto3
import httpx
import pytest
from botocore.config import Config
from contracts.ids import task_from_text, task_text, uuid7
from gateway.domain import ranges
from gateway.domain.facts import Asset, Balance, Closed, Stored
from gateway_tools import SEEDANCE_MICRO, Customer, World, now, seedance
from hypothesis import given
from hypothesis import strategies as st
from stack.servers import Servers
from upload_files import store

CONTENT = os.urandom(300_000)
SHA = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Linked:
    """A file behind a link."""

    world: World
    asset: Asset
    url: str
    api: httpx.AsyncClient
    task: UUID
    owner: Customer


async def put(servers: Servers, key: str, content: bytes) -> None:
    session = aioboto3.Session(servers.s3_access_key, servers.s3_secret_key, region_name="auto")
    config: Any = Config(request_checksum_calculation="when_required", s3={"addressing_style": "path"})
    async with session.client("s3", endpoint_url=servers.s3_endpoint, config=config) as s3:
        await s3.put_object(Bucket=servers.s3_bucket, Key=key, Body=content, ContentType="video/mp4")


async def link(world: World, servers: Servers, *, exists: bool = True) -> Linked:
    customer = await world.customer("100")
    text = (await customer.submit(seedance())).json()["task_id"]
    task = task_from_text(text)
    assert task is not None
    key, token = f"gateway-test/{uuid7()}", f"t{uuid7().hex}"
    if exists:
        await put(servers, key, CONTENT)
    size = len(CONTENT)
    asset = Asset(
        0, "video", None, servers.s3_bucket, key, token, "clip.mp4", "video/mp4", size, SHA, 4, 4, 1500
    )
    balance = Balance(customer.id, "credit", 1, 1, 5)
    closed = Closed(task, customer.id, "credit", now(), "settled", "completed", SEEDANCE_MICRO, balance)
    await world.say([Stored(task, customer.id, now(), "stored", (asset,), None, None), closed])
    url = (await customer.task(text))["output"]["videos"][0]["url"]
    return Linked(world, asset, url.removeprefix("http://files.test"), world.client(), task, customer)


@pytest.fixture
async def linked(make_world: Any, servers: Servers) -> Linked:
    return await link(await make_world(**store(servers)), servers)


async def test_a_link_gives_the_whole_file_without_a_key(linked: Linked) -> None:
    answer = await linked.api.get(linked.url)
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert answer.headers["etag"] == f'"{SHA}"'
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["content-disposition"] == "inline; filename=\"clip.mp4\"; filename*=UTF-8''clip.mp4"
    assert answer.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize(
    ("asked", "begin", "end"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=100-199", 100, 199),
        ("bytes=299999-", 299_999, 299_999),
        ("bytes=299990-999999999", 299_990, 299_999),
        ("bytes=-10", 299_990, 299_999),
        ("bytes=-999999999", 0, 299_999),
    ],
)
def test_ranges_are_read_as_http_has_them(asked: str, begin: int, end: int) -> None:
    assert ranges.parse(asked, len(CONTENT)) == (begin, end)


@pytest.mark.parametrize("asked", [None, "", "bytes=", "bytes=-", "bytes=5-1", "bytes=0-1,5-6", "lines=1-2"])
def test_what_is_no_single_range_is_answered_in_full(asked: str | None) -> None:
    assert ranges.parse(asked, 100) is None


@pytest.mark.parametrize(("asked", "size"), [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=0-", 0)])
def test_a_range_past_the_end_can_not_be_satisfied(asked: str, size: int) -> None:
    with pytest.raises(ranges.Unsatisfiable):
        ranges.parse(asked, size)


async def test_a_range_is_served_and_one_past_the_end_refused(linked: Linked) -> None:
    part = await linked.api.get(linked.url, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, CONTENT[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(CONTENT)}"
    beyond = await linked.api.get(linked.url, headers={"Range": "bytes=300000-"})
    assert (beyond.status_code, beyond.json()["error"]["code"]) == (416, "range_not_satisfiable")
    assert beyond.headers["content-range"] == f"bytes */{len(CONTENT)}"
    stale = await linked.api.get(linked.url, headers={"Range": "bytes=1-2", "If-Range": '"other"'})
    assert (stale.status_code, len(stale.content)) == (200, len(CONTENT))


async def test_head_and_a_known_file_send_no_bytes(linked: Linked) -> None:
    head = await linked.api.head(linked.url)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(CONTENT))
    assert head.headers["content-type"] == "video/mp4"
    known = await linked.api.get(linked.url, headers={"If-None-Match": f'W/"x", "{SHA}"'})
    assert (known.status_code, known.content) == (304, b"")


async def test_unknown_misnamed_and_revoked_links_are_404(linked: Linked) -> None:
    token = linked.asset.token
    for url in (f"/files/{'A' * 32}/clip.mp4", f"/files/{token}/other.mp4", "/files/%00/clip.mp4"):
        answer = await linked.api.get(url)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "file_not_found")
    await linked.world.db.pool.execute("UPDATE links SET revoked_at = now() WHERE token = $1", token)
    assert (await linked.api.get(linked.url)).status_code == 404


async def test_a_lost_object_is_a_404_and_a_lost_store_a_503(make_world: Any, servers: Servers) -> None:
    world = await make_world(**store(servers))
    gone = await link(world, servers, exists=False)
    assert (await gone.api.get(gone.url)).status_code == 404
    cut = await make_world(**store(servers, s3_endpoint="http://127.0.0.1:1"))
    lost = await link(cut, servers)
    answer = await lost.api.get(lost.url)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "storage_unavailable")


async def test_with_a_public_store_links_lead_there(make_world: Any, servers: Servers) -> None:
    world = await make_world(**store(servers, s3_public_endpoint=servers.s3_endpoint))
    linked = await link(world, servers)
    answer = await linked.api.get(linked.url)
    assert answer.status_code == 307
    assert answer.headers["location"].startswith(servers.s3_endpoint)
    async with httpx.AsyncClient(trust_env=False) as anyone:
        fetched = await anyone.get(answer.headers["location"])
    assert (fetched.status_code, fetched.content) == (200, CONTENT)


async def test_links_are_revoked_all_or_one(linked: Linked) -> None:
    owner, other = linked.owner, await linked.world.customer()
    path = f"/api/v1/tasks/{task_text(linked.task)}/links"
    assert (await other.api.delete(path)).json()["error"]["code"] == "task_not_found"
    assert (await owner.api.delete(f"{path}/{'A' * 32}")).json()["error"]["code"] == "link_not_found"
    assert (await owner.api.delete(f"{path}/%00")).status_code == 404
    assert (await linked.api.head(linked.url)).status_code == 200
    one = await owner.api.delete(f"{path}/{linked.asset.token}")
    assert (one.status_code, one.json()["revoked"]) == (200, 1)
    assert (await linked.api.head(linked.url)).status_code == 404
    again = await owner.api.delete(path)
    assert (again.status_code, again.json()["revoked"]) == (200, 1)


async def test_a_task_that_is_not_over_has_no_links_to_revoke(linked: Linked) -> None:
    customer = await linked.world.customer("100")
    text = (await customer.submit(seedance())).json()["task_id"]
    refused = await customer.api.delete(f"/api/v1/tasks/{text}/links")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "task_not_final")


async def test_links_begin_at_the_cdn_when_there_is_one(make_world: Any, servers: Servers) -> None:
    world = await make_world(**store(servers, public_files_url="https://cdn.test/media/"))
    linked = await link(world, servers)
    assert linked.url == f"https://cdn.test/media/{linked.asset.token}/clip.mp4"
    path = linked.url.removeprefix("https://cdn.test/media")
    assert (await linked.api.get(f"/files{path}")).content == CONTENT


async def test_a_part_goes_on_only_while_the_file_is_the_same(linked: Linked) -> None:
    same = await linked.api.get(linked.url, headers={"Range": "bytes=5-9", "If-Range": f'"{SHA}"'})
    assert (same.status_code, same.content) == (206, CONTENT[5:10])


@given(size=st.integers(0, 50), first=st.integers(0, 60), last=st.none() | st.integers(0, 60))
def test_a_range_is_the_bytes_that_it_names(size: int, first: int, last: int | None) -> None:
    content = bytes(range(size))
    wanted = content[first : None if last is None else last + 1]
    try:
        span = ranges.parse(f"bytes={first}-{'' if last is None else last}", size)
    except ranges.Unsatisfiable:
        assert first >= size
        return
    if last is not None and last < first:
        assert span is None
    else:
        assert span is not None
        assert content[span[0] : span[1] + 1] == wanted


@given(text=st.text(st.sampled_from("bytes=-, 0123456789x"), max_size=20), size=st.integers(0, 100))
def test_whatever_a_range_says_no_byte_outside_the_file_is_read(text: str, size: int) -> None:
    try:
        span = ranges.parse(text, size)
    except ranges.Unsatisfiable:
        return
    assert span is None or 0 <= span[0] <= span[1] < size

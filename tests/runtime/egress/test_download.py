import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence

import httpx
import pytest
from runtime.egress.client import egress_client
from runtime.egress.download import DownloadLimits, open_download
from runtime.egress.errors import EgressError
from runtime.egress.policy import EgressPolicy
from runtime.egress.testing import RawServer

LIMITS = DownloadLimits(max_bytes=1000, total_seconds=5, idle_seconds=2, max_redirects=5)


async def _local(_host: str, _port: int) -> Sequence[str]:
    return ["127.0.0.1"]


@pytest.fixture
async def client(server: RawServer, other_server: RawServer) -> AsyncIterator[httpx.AsyncClient]:
    hosts = [f"127.0.0.1:{server.port}", f"127.0.0.1:{other_server.port}"]
    async with egress_client(EgressPolicy.allowing(hosts)) as made:
        yield made


async def read(
    client: httpx.AsyncClient,
    url: str,
    limits: DownloadLimits = LIMITS,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    async with open_download(client, url, limits, headers) as download:
        return b"".join([chunk async for chunk in download.chunks()])


async def code_of(client: httpx.AsyncClient, url: str, limits: DownloadLimits = LIMITS) -> tuple[str, bool]:
    with pytest.raises(EgressError) as caught:
        await read(client, url, limits)
    return caught.value.code, caught.value.permanent


async def test_the_content_arrives_with_what_the_server_declared(
    client: httpx.AsyncClient, server: RawServer
) -> None:
    server.answer("/a", "200 OK\r\ncontent-length: 5\r\ncontent-type: video/mp4", b"hello")
    async with open_download(client, server.url("/a"), LIMITS) as download:
        assert (download.declared_bytes, download.declared_type) == (5, "video/mp4")
        assert b"".join([chunk async for chunk in download.chunks()]) == b"hello"
    assert server.seen[0][1]["accept-encoding"] == "identity"


async def test_five_redirects_are_followed_and_a_sixth_is_not(
    client: httpx.AsyncClient, server: RawServer
) -> None:
    for hop in range(6):
        server.answer(f"/{hop}", f"302 Found\r\nlocation: /{hop + 1}")
    server.answer("/6", "200 OK", b"there")
    assert await read(client, server.url("/1")) == b"there"
    assert await code_of(client, server.url("/0")) == ("redirect_refused", True)


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("http://10.0.0.1/latest", "address_refused"),
        ("http://169.254.169.254/latest/meta-data", "address_refused"),
        ("http://[::1]/", "address_refused"),
        ("http://localhost/", "address_refused"),
        ("http://127.0.0.1:1/", "url_refused"),
        ("file:///etc/passwd", "url_refused"),
        ("http://user:pass@127.0.0.1/", "url_refused"),
        ("http://[broken", "url_refused"),
    ],
)
async def test_a_redirect_to_where_we_do_not_go_is_refused(
    client: httpx.AsyncClient, server: RawServer, target: str, code: str
) -> None:
    server.answer("/a", f"302 Found\r\nlocation: {target}")
    assert await code_of(client, server.url("/a")) == (code, True)


async def test_a_redirect_without_a_target_is_refused(client: httpx.AsyncClient, server: RawServer) -> None:
    server.answer("/a", "302 Found")
    assert await code_of(client, server.url("/a")) == ("redirect_refused", True)


async def test_a_credential_stays_with_its_origin_even_on_the_way_back(
    client: httpx.AsyncClient, server: RawServer, other_server: RawServer
) -> None:
    server.answer("/a", "302 Found\r\nlocation: /b")
    server.answer("/b", f"302 Found\r\nlocation: {other_server.url('/c')}")
    other_server.answer("/c", f"302 Found\r\nlocation: {server.url('/d')}")
    server.answer("/d", "200 OK", b"ok")
    headers = {"x-goog-api-key": "secret", "authorization": "Bearer secret"}
    assert await read(client, server.url("/a"), headers=headers) == b"ok"
    with_key = [
        path for path, seen in server.seen if seen.get("x-goog-api-key") and seen.get("authorization")
    ]
    assert with_key == ["/a", "/b"]
    assert not {"x-goog-api-key", "authorization"} & other_server.seen[0][1].keys()
    assert not {"x-goog-api-key", "authorization"} & server.seen[2][1].keys()


async def test_a_declared_length_above_the_cap_is_refused_before_the_body(
    client: httpx.AsyncClient, server: RawServer
) -> None:
    async def head_only(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(30)

    server.routes["/a"] = head_only
    async with asyncio.timeout(20):
        assert await code_of(client, server.url("/a")) == ("too_large", True)


async def test_an_endless_body_is_cut_at_the_cap(client: httpx.AsyncClient, server: RawServer) -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 300)
            await writer.drain()

    server.routes["/a"] = endless
    assert await code_of(client, server.url("/a")) == ("too_large", True)


async def test_exactly_the_cap_is_taken(client: httpx.AsyncClient, server: RawServer) -> None:
    server.answer("/a", "200 OK", b"x" * 1000)
    assert len(await read(client, server.url("/a"))) == 1000


async def test_a_dripping_body_ends_at_the_total_time(client: httpx.AsyncClient, server: RawServer) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    server.routes["/a"] = drip
    limits = DownloadLimits(max_bytes=1000, total_seconds=0.4, idle_seconds=2)
    assert await code_of(client, server.url("/a"), limits) == ("timeout", False)


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"])
async def test_a_silent_server_ends_at_the_idle_time(
    client: httpx.AsyncClient, server: RawServer, head: bytes
) -> None:
    async def silent(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        await writer.drain()
        await asyncio.sleep(30)

    server.routes["/a"] = silent
    limits = DownloadLimits(max_bytes=1000, total_seconds=20, idle_seconds=0.2)
    async with asyncio.timeout(15):
        assert await code_of(client, server.url("/a"), limits) == ("timeout", False)


async def test_a_body_shorter_than_declared_is_interrupted(
    client: httpx.AsyncClient, server: RawServer
) -> None:
    server.answer("/a", "200 OK\r\ncontent-length: 10", b"abc")
    assert await code_of(client, server.url("/a")) == ("interrupted", False)


async def test_a_packed_body_is_refused(client: httpx.AsyncClient, server: RawServer) -> None:
    server.answer("/a", "200 OK\r\ncontent-encoding: gzip", b"\x1f\x8b")
    assert await code_of(client, server.url("/a")) == ("encoding_refused", True)


@pytest.mark.parametrize(
    ("status", "code", "permanent"),
    [
        (403, "expired", True),
        (404, "expired", True),
        (410, "expired", True),
        (400, "http_status", True),
        (401, "http_status", False),
        (408, "http_status", False),
        (429, "throttled", False),
        (500, "server_error", False),
        (503, "server_error", False),
        (204, "http_status", False),
    ],
)
async def test_a_status_says_whether_asking_again_helps(
    client: httpx.AsyncClient, server: RawServer, status: int, code: str, permanent: bool
) -> None:
    server.answer("/a", f"{status} Words")
    assert await code_of(client, server.url("/a")) == (code, permanent)


async def test_a_refused_connection_is_transient() -> None:
    async with egress_client(EgressPolicy.allowing(["127.0.0.1:1"])) as lonely:
        assert await code_of(lonely, "http://127.0.0.1:1/") == ("connect_failed", False)


async def test_nonsense_from_the_server_is_an_interruption(
    client: httpx.AsyncClient, server: RawServer
) -> None:
    async def nonsense(writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x00\x01 not http\r\n\r\n")

    server.routes["/a"] = nonsense
    assert await code_of(client, server.url("/a")) == ("interrupted", False)


@pytest.mark.parametrize(
    "url", ["", "nothing", "http://", "http://[x", "data:text/plain,hi", "http://a:99999/", "http://\x00/"]
)
async def test_what_is_no_web_address_is_refused(client: httpx.AsyncClient, url: str) -> None:
    assert await code_of(client, url) == ("url_refused", True)


async def test_a_redirect_from_https_to_plain_is_refused(
    tls_server: RawServer, tls_files: tuple[str, str]
) -> None:
    tls_server.answer("/a", "302 Found\r\nlocation: http://media.test/b")
    policy = EgressPolicy.allowing([f"media.test:{tls_server.port}"])
    context = ssl.create_default_context(cafile=tls_files[0])
    async with egress_client(policy, resolver=_local, ssl_context=context) as client:
        assert await code_of(client, f"https://media.test:{tls_server.port}/a") == ("redirect_refused", True)

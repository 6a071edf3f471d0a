import ssl
from collections.abc import Sequence

import httpcore
import httpx
import pytest
from runtime.egress.backend import GatedBackend, Resolver
from runtime.egress.client import egress_client
from runtime.egress.errors import EgressRefusedError, TransferFailedError
from runtime.egress.policy import EgressPolicy
from runtime.egress.testing import RawServer


def resolving(*answers: Sequence[str]) -> Resolver:
    """Answer each question with the next of the answers, the last for ever."""
    left = list(answers)

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "0x7f000001", "2130706433", "127.1", "[::ffff:127.0.0.1]", "0.0.0.0"],  # noqa: S104
)
async def test_no_spelling_of_this_machine_gets_through(host: str, server: RawServer) -> None:
    server.answer("/", "200 OK", b"secret")
    policy = EgressPolicy(ports=frozenset({server.port}))
    async with egress_client(policy) as client:
        with pytest.raises(EgressRefusedError) as caught:
            await client.get(server.url("/", host))
    assert caught.value.code == "address_refused"
    assert server.seen == []


async def test_a_named_pair_is_reached_and_its_neighbour_port_is_not(
    server: RawServer, other_server: RawServer
) -> None:
    server.answer("/", "200 OK", b"hello")
    async with egress_client(EgressPolicy.allowing([f"127.0.0.1:{server.port}"])) as client:
        assert (await client.get(server.url("/"))).text == "hello"
        with pytest.raises(EgressRefusedError):
            await client.get(other_server.url("/"))
    assert other_server.seen == []


async def test_one_private_address_among_public_ones_refuses_the_host() -> None:
    backend = GatedBackend(EgressPolicy(), resolving(["93.184.216.34", "10.0.0.1"]))
    with pytest.raises(EgressRefusedError) as caught:
        await backend.connect_tcp("mixed.test", 443)
    assert caught.value.code == "address_refused"


async def test_the_judged_address_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    reached: list[str] = []

    async def connect(_self: object, host: str, *_rest: object) -> httpcore.AsyncNetworkStream:
        reached.append(host)
        return httpcore.AsyncMockStream([])

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    backend = GatedBackend(EgressPolicy(), resolving(["93.184.216.34"], ["127.0.0.1"]))
    await backend.connect_tcp("rebinding.test", 443)
    with pytest.raises(EgressRefusedError):
        await backend.connect_tcp("rebinding.test", 443)
    assert reached == ["93.184.216.34"]


async def test_a_dead_first_address_leaves_the_second_its_chance(server: RawServer) -> None:
    server.answer("/", "200 OK", b"hello")
    policy = EgressPolicy.allowing([f"media.test:{server.port}"])
    async with egress_client(policy, resolver=resolving(["::1", "127.0.0.1"])) as client:
        assert (await client.get(server.url("/", "media.test"))).text == "hello"


async def test_an_unknown_name_is_a_transient_fault() -> None:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        raise OSError("no such name")

    async with egress_client(EgressPolicy(), resolver=resolve) as client:
        with pytest.raises(TransferFailedError) as caught:
            await client.get("http://nowhere.test/")
    assert (caught.value.code, caught.value.permanent) == ("name_unknown", False)


async def test_proxies_of_the_environment_are_ignored(
    server: RawServer, other_server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answer("/", "200 OK", b"direct")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, other_server.url(""))
    async with egress_client(EgressPolicy.allowing([f"127.0.0.1:{server.port}"])) as client:
        assert (await client.get(server.url("/"))).text == "direct"
    assert other_server.seen == []


async def test_a_cookie_of_one_download_is_not_sent_with_the_next(server: RawServer) -> None:
    server.answer("/", "200 OK\r\nset-cookie: tenant=1; path=/", b"")
    async with egress_client(EgressPolicy.allowing([f"127.0.0.1:{server.port}"])) as client:
        await client.get(server.url("/"))
        await client.get(server.url("/"))
    assert all("cookie" not in headers for _, headers in server.seen)


async def test_tls_is_verified_against_the_name_while_the_address_is_ours(
    tls_server: RawServer, tls_files: tuple[str, str]
) -> None:
    tls_server.answer("/", "200 OK", b"hello")
    policy = EgressPolicy.allowing([f"media.test:{tls_server.port}", f"other.test:{tls_server.port}"])
    context = ssl.create_default_context(cafile=tls_files[0])
    async with egress_client(policy, resolver=resolving(["127.0.0.1"]), ssl_context=context) as client:
        answer = await client.get(f"https://media.test:{tls_server.port}/")
        assert answer.text == "hello"
        with pytest.raises(httpx.ConnectError, match="certificate"):
            await client.get(f"https://other.test:{tls_server.port}/")

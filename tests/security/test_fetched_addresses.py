"""Every place that goes to an address that somebody else chose, and every way to write one inside."""

import ast
import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import httpcore
import pytest
from callbacks.outbound.judge import Judge
from callbacks.outbound.key_sets import KeySets
from callbacks.outbound.post import Post
from dispatcher.outbound.inputs import InputError, InputFetcher
from runtime.egress.backend import GatedBackend, Resolver
from runtime.egress.download import DownloadLimits
from runtime.egress.errors import EgressError
from runtime.egress.policy import EgressPolicy
from runtime.egress.testing import RawServer, raw_server
from storage.outbound.clients import open_clients
from storage.outbound.fetch import Source, open_source

ROOT = Path(__file__).parents[2]

INSIDE = (
    "127.0.0.1",
    "127.1",
    "2130706433",
    "017700000001",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "127.0.0.1.",
    "localhost",
    "LOCALHOST.",
    "0.0.0.0",  # noqa: S104
    "0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "192.0.0.9",
    "192.0.0.192",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:a9fe:a9fe]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::a9fe:a9fe]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[fe80::1]",
    "[fec0::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "[2001:db8::1]",
)
"""Ways to write an address of this machine, its network, or a cloud's metadata."""
ODD = (
    "file:///etc/passwd",
    "ftp://example.com/",
    "gopher://127.0.0.1:6379/_INFO",
    "https://user:secret@example.com/",
    "https://example.com:22/",
    "https://example.com:9092/",
    "https://exa mple.com/",
    "https://\u2488\u2488\u2488.example.com\u3002/%00",
    "http://[::1%25lo]/",
    "http://127.0.0.1#@example.com/",
    "http://127.0.0.1\\@example.com/",
    "//127.0.0.1/",
)

Fetch = Callable[[str], Awaitable[str | None]]
"""Goes to an address; why it didn't, or None if it did."""


async def input_file(url: str, allowed: Sequence[str]) -> str | None:
    fetcher = InputFetcher(allowed, 5)
    await fetcher.start()
    try:
        await fetcher.fetch((url,))
    except InputError as error:
        return str(error)
    finally:
        await fetcher.stop()
    return None


async def result_file(url: str, allowed: Sequence[str]) -> str | None:
    limits = DownloadLimits(1000, 5, 5)
    async with open_clients(EgressPolicy.allowing(allowed)) as clients:
        with clients.lend() as client:
            try:
                async with open_source(client, Source(url, {"x-key": "secret"}), limits):
                    return None
            except EgressError as error:
                return error.code


async def customer_webhook(url: str, allowed: Sequence[str]) -> str | None:
    post = Post(allowed, https_only=True, timeout_seconds=5, connections=2)
    try:
        answer = await post(url, {"webhook-id": "1"}, b"{}")
    finally:
        await post.stop()
    if answer.status is not None and 300 <= answer.status < 400:
        return "redirect_refused"
    return answer.error


async def key_set(url: str, allowed: Sequence[str]) -> str | None:
    keys = KeySets(allowed)
    try:
        await keys(url)
    except EgressError as error:
        return error.code
    finally:
        await keys.stop()
    return None


PLACES = {each.__name__: each for each in (input_file, result_file, customer_webhook, key_set)}


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that anybody connects to; nothing leaves this machine."""
    found: list[str] = []

    async def connect(_: object, host: str, *__: object, **___: object) -> httpcore.AsyncNetworkStream:
        found.append(host)
        raise httpcore.ConnectError("not in a test")

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    return found


@pytest.fixture
async def redirecting() -> AsyncIterator[RawServer]:
    async with raw_server() as server:
        yield server


@pytest.mark.parametrize("place", PLACES)
async def test_no_spelling_of_an_address_inside_is_gone_to(place: str, reached: list[str]) -> None:
    """Seen failing with `is_public` answering True."""
    urls = [f"{scheme}://{host}/latest/meta-data" for host in INSIDE for scheme in ("http", "https")]
    told = {url: await PLACES[place](url, ()) for url in (*urls, *ODD)}
    assert reached == []
    assert {url: why for url, why in told.items() if why is None} == {}
    inside = {why.partition(":")[0] for url, why in told.items() if why and url.startswith("https://1")}
    assert inside <= {"address_refused", "url_refused", "name_unknown"}


@pytest.mark.parametrize("place", PLACES)
async def test_no_redirect_leads_inside(place: str, redirecting: RawServer) -> None:
    for number, host in enumerate(INSIDE):
        redirecting.answer(f"/{number}", f"302 Found\r\nlocation: http://{host}/secret")
        why = await PLACES[place](redirecting.url(f"/{number}"), [f"127.0.0.1:{redirecting.port}"])
        assert why is not None, host
        assert why.partition(":")[0] in {
            "address_refused",
            "url_refused",
            "redirect_refused",
            "name_unknown",
            "http_status",
            "interrupted",  # what httpx takes for no address at all
        }, (host, why)
    assert {path for path, _ in redirecting.seen} == {f"/{number}" for number in range(len(INSIDE))}


@pytest.mark.parametrize("place", PLACES)
async def test_a_name_that_means_something_else_the_next_time_is_judged_again(
    place: str, reached: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [["93.184.216.34"], ["93.184.216.34", "10.0.0.1"], ["169.254.169.254"]]
    begin = GatedBackend.__init__

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return answers.pop(0)

    def rebinding(self: GatedBackend, policy: EgressPolicy, _: Resolver) -> None:
        begin(self, policy, resolve)

    monkeypatch.setattr(GatedBackend, "__init__", rebinding)
    for _ in range(3):
        assert await PLACES[place]("https://rebinding.test/", ()) is not None
    assert (reached, answers) == (["93.184.216.34"], [])


async def test_an_endpoint_with_an_address_inside_is_refused_when_it_is_made() -> None:
    """But for names with a dot at the end, which mean nothing here; they may come to: each send is judged."""
    judge, hosts = Judge((), https_only=True), [host for host in INSIDE if not host.endswith(".")]
    told = await asyncio.gather(*(judge(f"https://{host}/hook") for host in hosts))
    assert [host for host, why in zip(hosts, told, strict=True) if why is None] == []


CLIENTS = {
    "libs/runtime/src/runtime/egress/client.py": "the gate itself",
    "libs/runtime/src/runtime/internal.py": "other services, by the operator's settings",
    "libs/runtime/src/runtime/objects/direct_put.py": "the object store, by the operator's settings",
    "services/dispatcher/src/dispatcher/outbound/provider_client.py": "providers, by the operator's settings",
}


def _makes_a_client(file: Path) -> bool:
    calls = (node.func for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call))
    return any(
        isinstance(each, ast.Attribute) and each.attr in {"AsyncClient", "ClientSession"} for each in calls
    )


def test_whoever_makes_an_http_client_of_their_own_is_known() -> None:
    """A new one belongs into the list only if no stranger chooses where it goes."""
    files = (file for folder in ("services", "libs") for file in (ROOT / folder).rglob("src/**/*.py"))
    assert {str(file.relative_to(ROOT)) for file in files if _makes_a_client(file)} == set(CLIENTS)

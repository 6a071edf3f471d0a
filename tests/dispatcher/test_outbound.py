"""Calls, circuits and settings."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from dispatcher.domain.job import Timing
from dispatcher.domain.media import media_type
from dispatcher.domain.naming import callback_url, correlation
from dispatcher.domain.providers import Breaker, Provider, lease_seconds, submit_seconds, targets
from dispatcher.outbound.circuit import Circuits
from dispatcher.outbound.provider_client import NotSentError, ProviderClient, UnansweredError
from dispatcher.settings import Settings
from dispatcher_tools import CATALOG, SEEDANCE, STORE, free_port
from providers.http import HttpRequest
from providers.job import Credential
from pydantic import ValidationError

PROVIDER = Provider("ark", "http://x", (Credential("a", "s"), Credential("b", "s")), simulated=True)
KEY = ("ark", "a", "submit")
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def server(serve: Serve) -> AsyncIterator[str]:
    made = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{made.sockets[0].getsockname()[1]}/"
    made.close()


@pytest.fixture
async def client() -> AsyncIterator[ProviderClient]:
    made = ProviderClient()
    await made.start()
    yield made
    await made.stop()


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.close()


async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")
    await writer.drain()
    writer.close()


async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"\x00\xff nonsense \r\n\r\n")
    await writer.drain()
    writer.close()


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 20000000\r\n\r\n")
    with contextlib.suppress(ConnectionError):
        for _ in range(200):
            writer.write(b"x" * 100_000)
            await writer.drain()
    writer.close()


@pytest.mark.parametrize("serve", [hang_up, half, nonsense, silence, endless])
async def test_once_connected_a_call_without_a_whole_answer_may_have_arrived(
    client: ProviderClient, serve: Serve
) -> None:
    async with server(serve) as url:
        with pytest.raises(UnansweredError):
            await client.send("ark", HttpRequest("POST", url, {}, b"{}"), 1.0)


async def test_a_kept_connection_closed_under_a_submit_is_not_repeated(client: ProviderClient) -> None:
    seen = 0

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        await reader.readuntil(b"\r\n\r\n")
        seen += 1
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        await writer.drain()
        await reader.readuntil(b"\r\n\r\n")
        seen += 1
        writer.close()

    async with server(once) as url:
        assert (await client.send("ark", HttpRequest("POST", url, {}), 1.0)).body == b"{}"
        with pytest.raises(UnansweredError):
            await client.send("ark", HttpRequest("POST", url, {}), 1.0)
    assert seen == 2


async def test_without_a_connection_nothing_was_sent(client: ProviderClient) -> None:
    for url in (f"http://127.0.0.1:{free_port()}/", "http://no-such-host.invalid/"):
        with pytest.raises(NotSentError):
            await client.send("ark", HttpRequest("POST", url, {}), 3.0)


async def test_a_server_that_takes_no_connections_got_nothing(client: ProviderClient) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        others = [socket.socket() for _ in range(4)]
        for other in others:
            other.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                other.connect(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}/"
        with pytest.raises(NotSentError):
            await client.send("ark", HttpRequest("POST", url, {}), 0.5)
        for other in others:
            other.close()


def test_37_after_some_faults_in_a_row_one_call_goes_first() -> None:
    now = 0.0
    circuits = Circuits(lambda: now, lambda _: Breaker(faults=3, probe_seconds=7))
    for _ in range(3):
        assert circuits.closed_for(KEY) == 0
        circuits.failed(KEY)
    pause = circuits.closed_for(KEY)
    assert pause > 0
    now += pause
    assert circuits.closed_for(KEY) == 0
    assert circuits.closed_for(KEY) == 7
    circuits.succeeded(KEY)
    assert circuits.closed_for(KEY) == 0


def test_a_pause_that_the_provider_names_is_kept() -> None:
    circuits = Circuits(lambda: 0.0)
    assert circuits.refused(KEY, 42.0) == 42.0
    assert circuits.closed_for(KEY) == 42.0
    assert circuits.closed_for(("ark", "b", "submit")) == 0


def test_a_call_ends_before_its_absence_counts_and_within_its_lease() -> None:
    timing = Timing(absent_after=8, uncertain_after=20)
    model = CATALOG.models[SEEDANCE]
    route = model.routes[0]
    assert submit_seconds(route, PROVIDER, timing, lookup=True) < timing.absent_after
    longest = submit_seconds(route, PROVIDER, timing, lookup=False)
    assert lease_seconds([model], {"ark": PROVIDER}, timing) > longest


def test_test_credits_go_to_simulated_providers_only() -> None:
    model = CATALOG.models[SEEDANCE]
    real = replace(PROVIDER, simulated=False)
    assert [each.credential.id for each in targets(model, {"ark": real}, "credit")] == ["a", "b"]
    assert targets(model, {"ark": real}, "test") == []
    assert len(targets(model, {"ark": PROVIDER}, "test")) == 2


def test_names_are_the_same_for_ever_and_short_enough() -> None:
    from uuid import UUID

    task = UUID(int=7)
    assert correlation(task, 2) == f"fb-{task.hex}-2"
    assert len(correlation(UUID(int=2**128 - 1), 999_999)) <= 64
    url = callback_url("http://c/", "s", "ark", UUID(int=1), task, 2)
    assert url.startswith("http://c/api/v1/video/callback/ark?account=00000000-")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"GIF89a....", "image/gif"),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
        (b"RIFF\0\0\0\0AVI LIST", None),
        (b"ID3\x04\0", "audio/mpeg"),
        (b"\xff\xfb\x90\x64", "audio/mpeg"),
        (b"OggS\0", "audio/ogg"),
        (b"\0\0\0\x1cftypM4A ", "audio/mp4"),
        (b"\0\0\0\x1cftypisom", "video/mp4"),
        (b"\0\0\0\x14ftypqt  ", "video/quicktime"),
        (b"\x1aE\xdf\xa3", "video/webm"),
        (b"<html>", None),
        (b"", None),
    ],
)
def test_files_are_known_by_their_first_bytes(content: bytes, kind: str | None) -> None:
    assert media_type(content) == kind


def settings(**fields: Any) -> Settings:
    base = {"environment": "dev", "database_dsn": "postgresql://x", "kafka_bootstrap": "x:1", **STORE}
    return Settings.model_validate(base | fields)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = '{"base_url": "https://x/v1", "credentials": [{"id": "k", "secret": "s"}]}'
    values = {
        "DATABASE_DSN": "postgresql://x",
        "KAFKA_BOOTSTRAP": "x:1",
        "ENVIRONMENT": "dev",
        "PROVIDERS": f'{{"dashscope": {provider}}}',
        "CALLBACK_SECRETS": "new, old",
        "ALLOWED_HOSTS": "127.0.0.1:9000",
        **{name.upper(): value for name, value in STORE.items()},
    }
    for name, value in values.items():
        monkeypatch.setenv(f"DISPATCHER_{name}", value)
    read = Settings()
    assert [each.get_secret_value() for each in read.callback_secrets] == ["new", "old"]
    assert read.allowed_hosts == ["127.0.0.1:9000"]
    assert read.configured()["dashscope"].polls_per_second == 20
    assert "s" not in repr(read.configured()["dashscope"].credentials)[1:].split("secret")[1:]


@pytest.mark.parametrize(
    "provider",
    [
        {"base_url": "ftp://x", "credentials": [{"id": "k", "secret": "s"}]},
        {"base_url": "https://x", "credentials": []},
        {"base_url": "https://x", "credentials": [{"id": "k", "secret": "s"}], "max_concurrent": 0},
        {"base_url": "https://x", "credentials": [{"id": "k", "secret": "s"}], "surprise": 1},
    ],
)
def test_a_provider_that_makes_no_sense_is_refused_at_start(provider: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(providers={"ark": provider})

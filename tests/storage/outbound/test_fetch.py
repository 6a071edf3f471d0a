import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runtime.egress.client import egress_client
from runtime.egress.download import DownloadLimits
from runtime.egress.errors import EgressError
from runtime.egress.policy import EgressPolicy
from runtime.egress.testing import RawServer
from storage.domain.media import HEAD_BYTES
from storage.outbound.fetch import Source, in_parts, open_source
from storage.outbound.spool import file_parts, open_spool, sweep_spools, temporary_path

LIMITS = DownloadLimits(max_bytes=20 * 1024 * 1024, total_seconds=10, idle_seconds=5)


async def stream(chunks: list[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


@given(st.lists(st.binary(max_size=40)), st.integers(1, 16))
async def test_parts_are_the_stream_in_equal_pieces(chunks: list[bytes], size: int) -> None:
    parts = [bytes(part) async for part in in_parts(stream(chunks), size)]
    assert b"".join(parts) == b"".join(chunks)
    assert all(len(part) == size for part in parts[:-1])
    assert all(0 < len(part) <= size for part in parts[-1:])


@pytest.mark.parametrize("size", [0, 1, HEAD_BYTES + 1, 9 * 1024 * 1024])
async def test_a_source_shows_its_head_and_then_all_its_bytes(provider: RawServer, size: int) -> None:
    content = os.urandom(size)
    provider.answer("/a", f"200 OK\r\ncontent-length: {size}", content)
    async with (
        egress_client(EgressPolicy.allowing([f"127.0.0.1:{provider.port}"])) as client,
        open_source(client, Source(provider.url("/a"), {"x-goog-api-key": "k"}), LIMITS) as arrival,
    ):
        assert arrival.head == content[:HEAD_BYTES]
        assert b"".join([bytes(part) async for part in arrival.parts]) == content
    assert provider.seen[0][1]["x-goog-api-key"] == "k"


async def test_a_source_that_breaks_off_is_an_error_and_not_a_shorter_file(provider: RawServer) -> None:
    provider.answer("/a", "200 OK\r\ncontent-length: 100", b"short")
    async with egress_client(EgressPolicy.allowing([f"127.0.0.1:{provider.port}"])) as client:
        with pytest.raises(EgressError) as caught:
            async with open_source(client, Source(provider.url("/a")), LIMITS) as arrival:
                [part async for part in arrival.parts]
    assert (caught.value.code, caught.value.permanent) == ("interrupted", False)


async def test_a_spool_keeps_bytes_size_and_hash(spool_directory: Path) -> None:
    with open_spool(spool_directory) as spool:
        await spool.append(b"hello ")
        await spool.append(bytearray(b"world"))
        assert spool.size_bytes == 11
        assert spool.sha256 == hashlib.sha256(b"hello world").hexdigest()
        assert [part async for part in file_parts(spool.path, 6)] == [b"hello ", b"world"]


def spool_is_empty(directory: Path) -> bool:
    return not list(directory.iterdir())


async def test_a_small_spool_stays_in_memory_and_a_large_one_becomes_a_file(spool_directory: Path) -> None:
    with open_spool(spool_directory) as spool:
        await spool.append(b"hello ")
        assert spool.content == b"hello "
        assert spool_is_empty(spool_directory)
        await spool.append(b"w" * 1024 * 1024)
        assert isinstance(spool.content, Path)
        kept = b"".join([part async for part in file_parts(spool.content)])
        assert kept == b"hello " + b"w" * 1024 * 1024
    assert spool_is_empty(spool_directory)


def test_a_spool_is_gone_when_its_copy_ends(spool_directory: Path) -> None:
    with open_spool(spool_directory) as spool:
        assert spool.path.exists()
    assert list(spool_directory.iterdir()) == []


def test_only_old_leftovers_are_swept(spool_directory: Path) -> None:
    with temporary_path(spool_directory) as old, temporary_path(spool_directory) as new:
        os.utime(old, (0, 0))
        (spool_directory / "other").touch()
        os.utime(spool_directory / "other", (0, 0))
        assert sweep_spools(spool_directory, older_than_seconds=3600) == 1
        assert not old.exists()
        assert new.exists()
    assert (spool_directory / "other").exists()

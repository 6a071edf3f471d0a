"""The object store, the probe pool and a provider's file server for the storage tests."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from runtime.db import Database
from runtime.egress.testing import RawServer, raw_server
from stack.servers import Servers
from storage.outbound.objects import ObjectStore, StoreConfig, open_store
from storage.probe.pool import ProbePool, open_pool

from tests.storage.media_files import make_video
from tests.storage.storage_tools import Storage


@pytest.fixture(scope="session")
def store_config(servers: Servers) -> StoreConfig:
    return StoreConfig(
        bucket=servers.s3_bucket,
        endpoint=servers.s3_endpoint,
        access_key=servers.s3_access_key,
        secret_key=servers.s3_secret_key,
    )


@pytest.fixture(scope="session")
async def store(store_config: StoreConfig) -> AsyncIterator[ObjectStore]:
    async with open_store(store_config) as opened:
        yield opened


@pytest.fixture(scope="session")
async def pool() -> AsyncIterator[ProbePool]:
    async with open_pool() as opened:
        yield opened


@pytest.fixture
async def provider() -> AsyncIterator[RawServer]:
    """A file server on an address that is allowed."""
    async with raw_server() as server:
        yield server


@pytest.fixture
def spool_directory(tmp_path: Path) -> Path:
    folder = tmp_path / "spool"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def small_video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_video(tmp_path_factory.mktemp("media") / "a.mp4").read_bytes()


@pytest.fixture
async def storage(
    open_db: Callable[[str], Awaitable[Database]],
    provider: RawServer,
    store_config: StoreConfig,
    spool_directory: Path,
) -> AsyncIterator[Storage]:
    made = Storage(await open_db("storage"), provider, store_config, spool_directory)
    yield made
    await made.stop()

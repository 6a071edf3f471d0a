"""The object store, the probe pool and a provider's file server for the storage tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from runtime.egress.testing import RawServer, raw_server
from stack.servers import Servers
from storage.outbound.objects import ObjectStore, StoreConfig, open_store
from storage.probe.pool import ProbePool, open_pool


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

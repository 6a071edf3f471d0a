import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from runtime.egress.testing import RawServer, raw_server


@pytest.fixture
async def server() -> AsyncIterator[RawServer]:
    async with raw_server() as requests:
        yield requests


@pytest.fixture
async def other_server() -> AsyncIterator[RawServer]:
    async with raw_server() as requests:
        yield requests


@pytest.fixture
async def tls_server(tls_files: tuple[str, str]) -> AsyncIterator[RawServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*tls_files)
    async with raw_server(context) as requests:
        yield requests


@pytest.fixture
def tls_files() -> tuple[str, str]:
    """A made-up authority's certificate for media.test, and its key."""
    folder = Path(__file__).parent / "fixtures"
    return str(folder / "media-test-cert.pem"), str(folder / "media-test-key.pem")

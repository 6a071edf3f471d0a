"""Ask a process whether it serves, by the kind of URL that its record names."""

import asyncio
from urllib.parse import urlsplit

import asyncpg
import httpx
from aiokafka.client import AIOKafkaClient

_FAULTS = (OSError, TimeoutError, asyncio.TimeoutError)


async def is_ready(url: str, within: float = 3.0) -> bool:
    """Say whether it answers: http with 200, postgresql and kafka in their protocol, tcp by accepting."""
    parts = urlsplit(url)
    ask = {"http": _http, "postgresql": _postgres, "kafka": _kafka, "tcp": _tcp}[parts.scheme]
    try:
        async with asyncio.timeout(within):
            return await _tcp(url) and await ask(url)
    except _FAULTS:
        return False


async def _tcp(url: str) -> bool:
    parts = urlsplit(url)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.close()
    return True


async def _http(url: str) -> bool:
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            return (await client.get(url)).status_code == 200
        except httpx.HTTPError:
            return False


async def _postgres(url: str) -> bool:
    try:
        connection = await asyncpg.connect(url)
    except asyncpg.PostgresError:
        return False
    await connection.close()
    return True


async def _kafka(url: str) -> bool:
    client = AIOKafkaClient(bootstrap_servers=urlsplit(url).netloc)
    try:
        await client.bootstrap()
        brokers = client.cluster.brokers()
    except Exception:  # whatever aiokafka makes of a broker that is still starting: not ready yet
        return False
    finally:
        await client.close()
    return bool(brokers)

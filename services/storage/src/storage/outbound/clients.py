"""HTTP clients for addresses that others chose, each lent to one copy at a time.

httpcore looks at every pair of a pool's connections at each request and asks the system about each idle one:
with a pool shared by all copies that costs more CPU than the rest of a small copy. A pool of few connections
costs nothing, and the client that was given back last still has its connection.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpx
from runtime.egress.client import egress_client
from runtime.egress.policy import EgressPolicy

_CONNECTIONS = 4
"""Per client: the provider, its file server, and what redirects lead to."""


class Clients:
    """All clients of a process; their number is that of the copies that were ever made at once."""

    def __init__(self, policy: EgressPolicy) -> None:
        self._policy = policy
        self._tls = httpx.create_ssl_context(trust_env=False)
        self._all: list[httpx.AsyncClient] = []
        self._free: list[httpx.AsyncClient] = []

    @contextmanager
    def lend(self) -> Iterator[httpx.AsyncClient]:
        """Have a client for oneself."""
        client = self._free.pop() if self._free else self._new()
        try:
            yield client
        finally:
            self._free.append(client)

    async def close(self) -> None:
        """Close all connections."""
        self._free.clear()
        while self._all:
            await self._all.pop().aclose()

    def _new(self) -> httpx.AsyncClient:
        client = egress_client(self._policy, max_connections=_CONNECTIONS, ssl_context=self._tls)
        self._all.append(client)
        return client


@asynccontextmanager
async def open_clients(policy: EgressPolicy) -> AsyncIterator[Clients]:
    """Make clients as they are needed, and close them at the end."""
    clients = Clients(policy)
    try:
        yield clients
    finally:
        await clients.close()

"""Fetching the keys that a provider publishes (JWKS), through the egress gate."""

from collections.abc import Iterable

from runtime.egress.client import egress_client
from runtime.egress.download import DownloadLimits, open_download
from runtime.egress.policy import EgressPolicy

_LIMITS = DownloadLimits(max_bytes=65_536, total_seconds=5.0, idle_seconds=5.0, max_redirects=0)


class KeySets:
    """A part of the API's process. `allowed` are `host:port` that may be private or plain."""

    name = "key_sets"

    def __init__(self, allowed: Iterable[str]) -> None:
        policy = EgressPolicy.allowing(allowed, https_only=True)
        self._client = egress_client(policy, connect_seconds=3.0, idle_seconds=5.0, max_connections=4)

    async def start(self) -> None:
        """Nothing: connections are made when they are needed."""

    async def stop(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def unready(self) -> str | None:
        """Never: what needs no keys can be served."""
        return None

    def fault(self) -> str | None:
        """None: a client has no life of its own."""
        return None

    async def __call__(self, url: str) -> str:
        """The document. Raises EgressError, or ValueError for what is no text."""
        async with open_download(self._client, url, _LIMITS) as download:
            return b"".join([chunk async for chunk in download.chunks()]).decode()

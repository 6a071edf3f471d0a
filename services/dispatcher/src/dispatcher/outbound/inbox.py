"""Where bytes from providers' answers wait in the operator's object storage until storage has copied them."""

from contextlib import AsyncExitStack

from runtime.objects.direct_put import DirectPut, open_direct_put
from runtime.objects.signing import Signer

from dispatcher.domain.naming import inbox_key, object_reference

_CONNECTIONS = 16


class Inbox:
    """A part of the worker: one bucket, written to by plain puts."""

    name = "inbox"

    def __init__(self, endpoint: str, bucket: str, signer: Signer) -> None:
        self._endpoint, self._bucket, self._signer = endpoint, bucket, signer
        self._open = AsyncExitStack()
        self._put: DirectPut | None = None

    async def start(self) -> None:
        """Make the client; connections come with the first put."""
        opened = open_direct_put(self._endpoint, self._bucket, self._signer, _CONNECTIONS)
        self._put = await self._open.enter_async_context(opened)

    async def stop(self) -> None:
        """Close its connections."""
        await self._open.aclose()
        self._put = None

    def unready(self) -> str | None:
        """Most protocols answer with addresses and never need it."""
        return None

    def fault(self) -> str | None:
        """Never a reason to restart."""
        return None

    async def keep(self, place: tuple[str, int, int], content_type: str, content: bytes) -> str:
        """Put an output of (task, attempt, index); its `object://` reference. Raises ObjectStoreError."""
        assert self._put is not None
        key = inbox_key(*place)
        await self._put(key, content_type, content)
        return object_reference(self._bucket, key)

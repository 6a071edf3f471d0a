"""The gate: a network backend that resolves once, judges every address and connects to a judged one.

Checking a name first and fetching afterwards is no check: the client resolves again and may get another
answer (DNS rebinding). Here the address that was judged is the one that is connected to, for first requests,
redirects and refills of the pool alike, while TLS still verifies the name.
"""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence

import httpcore

from runtime.egress.addresses import is_public
from runtime.egress.errors import EgressRefusedError, TransferFailedError
from runtime.egress.policy import EgressPolicy

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port to addresses in order of preference; raises OSError when there are none."""

MAX_ADDRESSES_TRIED = 4


async def system_resolver(host: str, port: int) -> Sequence[str]:
    """Ask the operating system, which also reads odd spellings like 0x7f000001 or 127.1."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


class GatedBackend(httpcore.AsyncNetworkBackend):
    """Opens TCP connections to public addresses and to the pairs that the policy exempts."""

    def __init__(self, policy: EgressPolicy, resolver: Resolver = system_resolver) -> None:
        self._policy = policy
        self._resolver = resolver
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, judge, connect; the timeout covers all of it."""
        until = None if timeout is None else time.monotonic() + timeout
        addresses = await self._judged(host, port, timeout)
        candidates = addresses[:MAX_ADDRESSES_TRIED]
        for left in range(len(candidates), 1, -1):
            try:
                return await self._connect(
                    candidates[-left], port, _share(until, left), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._connect(candidates[-1], port, _share(until, 1), local_address, socket_options)

    async def connect_unix_socket(
        self,
        path: str,  # noqa: ARG002 (httpcore's signature)
        timeout: float | None = None,  # noqa: ARG002
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        """Refuse: a socket file is never a fetched address."""
        raise EgressRefusedError("address_refused", "unix sockets are not fetched from")

    async def sleep(self, seconds: float) -> None:
        """Sleep, as httpcore asks between its own tries."""
        await self._inner.sleep(seconds)

    async def _connect(
        self,
        address: str,
        port: int,
        timeout: float | None,
        local_address: str | None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None,
    ) -> httpcore.AsyncNetworkStream:
        return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)

    async def _judged(self, host: str, port: int, timeout: float | None) -> Sequence[str]:
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._resolver(host, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"{host} was not resolved in time") from error
        except (OSError, UnicodeError) as error:
            raise TransferFailedError("name_unknown", f"the name {host} was not resolved") from error
        if not addresses:
            raise TransferFailedError("name_unknown", f"the name {host} has no address")
        # One bad address refuses them all: a mixed answer is how rebinding begins.
        if not self._policy.exempts(host, port) and not all(map(is_public, addresses)):
            raise EgressRefusedError("address_refused", f"{host} is not a public address")
        return addresses


def _share(until: float | None, tries_left: int) -> float | None:
    """Seconds for the next try, so that a dead first address leaves time for the others."""
    if until is None:
        return None
    return max(0.001, (until - time.monotonic()) / tries_left)

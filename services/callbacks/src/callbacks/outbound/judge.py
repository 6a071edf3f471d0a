"""Whether an address that a customer names would be called: the gate's own rules, before anything is sent."""

from collections.abc import Iterable

import httpx
from runtime.egress.addresses import is_public
from runtime.egress.backend import Resolver, system_resolver
from runtime.egress.errors import EgressRefusedError
from runtime.egress.policy import EgressPolicy, port_of


class Judge:
    """Judges by looks and by what the name means now; a name that means nothing yet may still come to."""

    def __init__(
        self, allowed: Iterable[str], *, https_only: bool, resolver: Resolver = system_resolver
    ) -> None:
        self._policy = EgressPolicy.allowing(allowed, https_only=https_only)
        self._resolver = resolver

    async def __call__(self, text: str) -> str | None:
        """Why it would not be called, or None."""
        try:
            url = httpx.URL(text)
            self._policy.check_url(url)
        except httpx.InvalidURL:
            return "it is not a valid URL"
        except EgressRefusedError as refused:
            return str(refused)
        port = port_of(url)
        if self._policy.exempts(url.host, port):
            return None
        try:
            addresses = await self._resolver(url.host, port)
        except (OSError, UnicodeError):
            return None
        return None if all(map(is_public, addresses)) else f"{url.host} is not a public address"

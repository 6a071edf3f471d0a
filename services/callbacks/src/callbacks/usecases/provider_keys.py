"""The keys that providers' signatures are checked with: given ones, and published ones that are fetched."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog

log = structlog.get_logger()

Fetch = Callable[[str], Awaitable[str]]
"""Fetches a JWKS document. Raises for whatever goes wrong."""

FRESH_SECONDS = 3600.0
KEPT_SECONDS = 24 * 3600.0
PAUSE_SECONDS = 60.0
"""Between two fetches: forged webhooks must not make us knock at a provider's door."""


class ProviderKeys:
    """Keys by provider; two may be valid at once. Published ones are kept a day at most (fal's own rule)."""

    def __init__(
        self, given: Mapping[str, Sequence[str]], published: Mapping[str, str], fetch: Fetch
    ) -> None:
        self._given, self._published, self._fetch = given, published, fetch
        self._fetched: dict[str, tuple[float, str]] = {}
        self._asked: dict[str, float] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def known(self, provider: str) -> bool:
        """Whether a signature of this provider can be checked at all."""
        return bool(self._given.get(provider)) or provider in self._published

    async def of(self, provider: str) -> list[str]:
        """Its keys; without the published ones while they can't be had."""
        if provider in self._published and self._age(provider) > FRESH_SECONDS:
            await self.renew(provider)
        known = list(self._given.get(provider, ()))
        if self._age(provider) <= KEPT_SECONDS:
            known.append(self._fetched[provider][1])
        return known

    async def renew(self, provider: str) -> bool:
        """Fetch the published keys again, unless that was just done; whether they are others now."""
        url = self._published.get(provider)
        if url is None:
            return False
        async with self._locks[provider]:
            if time.monotonic() - self._asked.get(provider, -PAUSE_SECONDS) < PAUSE_SECONDS:
                return False
            self._asked[provider] = time.monotonic()
            before = self._fetched.get(provider)
            try:
                self._fetched[provider] = time.monotonic(), await self._fetch(url)
            except Exception as error:
                log.warning("provider_keys_not_fetched", provider=provider, error=type(error).__name__)
                return False
        return before is None or before[1] != self._fetched[provider][1]

    def _age(self, provider: str) -> float:
        fetched = self._fetched.get(provider)
        return float("inf") if fetched is None else time.monotonic() - fetched[0]

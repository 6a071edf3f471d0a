"""How often an account and a key may ask: quotas per minute by tier, and a key's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import structlog
from catalog.tiers import Tier
from runtime.db import Database

from gateway.db import balances
from gateway.db.keys import Caller
from gateway.domain.problem import Problem
from gateway.outbound.rate_store import WINDOW_SECONDS, RateStore, Taken

log = structlog.get_logger()

Kind = Literal["submits", "reads"]


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of the tightest quota that a request counted against; for the answer's headers."""

    name: str
    per_minute: int
    remaining: int
    reset_seconds: int

    @property
    def headers(self) -> dict[str, str]:
        """`RateLimit` and `RateLimit-Policy` as in draft-ietf-httpapi-ratelimit-headers-10."""
        return {
            "RateLimit": f'"{self.name}";r={self.remaining};t={self.reset_seconds}',
            "RateLimit-Policy": f'"{self.name}";q={self.per_minute};w={WINDOW_SECONDS}',
        }


class LimitRequests:
    """Counts requests. When the store is away they are let through: a limit is no reason for an outage."""

    def __init__(self, store: RateStore, tiers: Mapping[str, Tier], db: Database) -> None:
        self._store, self._tiers, self._db = store, tiers, db

    async def __call__(self, caller: Caller, kind: Kind) -> Quota | None:
        """Take one. Raises Problem 429 when the account's or the key's quota is used up."""
        try:
            account = await self._account(caller, kind)
            key = await self._key(caller)
        except Problem:
            raise
        except Exception as error:
            log.warning("rate_store_unavailable", error=type(error).__name__)
            return None
        known = [quota for quota in (account, key) if quota is not None]
        return min(known, key=lambda quota: quota.remaining, default=None)

    async def _account(self, caller: Caller, kind: Kind) -> Quota | None:
        tier = self._tiers.get(caller.tier)
        if tier is None:
            return None
        per_minute = tier.submits_per_minute if kind == "submits" else tier.reads_per_minute
        taken = await self._store.take(kind, str(caller.account_id), per_minute)
        if not taken.allowed and kind == "reads":
            per_minute += tier.reads_per_minute_per_live_task * await self._live(caller.account_id)
            taken = await self._store.take(kind, str(caller.account_id), per_minute)
        return _quota(kind, per_minute, taken)

    async def _key(self, caller: Caller) -> Quota | None:
        per_minute = caller.requests_per_minute
        if per_minute is None:
            return None
        return _quota("key", per_minute, await self._store.take("key", str(caller.key_id), per_minute))

    async def _live(self, account_id: UUID) -> int:
        """Who has more tasks running may look more often: every second for each."""
        return await balances.live_tasks(self._db.pool, account_id)


def _quota(name: str, per_minute: int, taken: Taken) -> Quota:
    quota = Quota(name, per_minute, taken.remaining, taken.reset_seconds)
    if taken.allowed:
        return quota
    message = f"More than {per_minute} requests a minute ({name}). Wait {taken.reset_seconds} seconds."
    headers = {**quota.headers, "Retry-After": str(taken.reset_seconds)}
    raise Problem(429, "rate_limit_exceeded", message, headers=headers)

"""`GET /api/auth/check`, `GET /api/credits…`, `GET /api/analytics/…`: what the account has and has made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from catalog.catalog import Catalog
from catalog.tiers import Tier
from contracts.ids import task_text
from runtime.db import Database
from starlette.requests import Request
from starlette.responses import Response

from gateway.db import balances, usage
from gateway.db.keys import Caller
from gateway.domain import quickstart
from gateway.inbound.http.admit import Admit
from gateway.inbound.http.numbers import credits_number, time_text
from gateway.inbound.http.openapi import quickstart_account as described
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.query import Query
from gateway.inbound.http.quickstart.documents import json_response
from gateway.outbound.ledger import Ledger

_MOST_DAYS, _DAYS = 365, 30
_LABELS = {480: "480p", 1080: "1080p", 2160: "4K"}


@dataclass(frozen=True, slots=True)
class Account:
    """The routes."""

    admit: Admit
    db: Database
    catalog: Catalog
    ledger: Ledger

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        return [
            Operation("GET", "/api/auth/check", self.check, described.check()),
            Operation("GET", "/api/credits", self.credits, described.balance()),
            Operation("GET", "/api/credits/history", self.history, described.history()),
            Operation("GET", "/api/analytics/usage", self.usage, described.usage(_MOST_DAYS, _DAYS)),
            Operation("GET", "/api/analytics/summary", self.summary, described.summary()),
        ]

    async def check(self, request: Request) -> Response:
        """Whose key it is, and what the tier allows."""
        caller = await self._asked(request)
        tier = self.catalog.tier(caller.tier)
        return json_response(
            {
                "authenticated": True,
                "is_admin": caller.role == "admin",
                "is_test": caller.asset == "test",
                "tier": tier.name,
                "credits": await self._available(caller),
                "limits": limits(tier, caller.max_live_tasks),
            }
        )

    async def credits(self, request: Request) -> Response:
        """What can be spent; what unanswered requests have set aside counts as held."""
        caller = await self._asked(request)
        standing = await self._standing(caller)
        return json_response(
            {
                "balance": credits_number(standing.spendable_micro),
                "held": credits_number(standing.set_aside_micro),
                "tier": caller.tier,
                "monthly_allowance": self.catalog.tier(caller.tier).monthly_credits,
            }
        )

    async def history(self, request: Request) -> Response:
        """Every movement of the account's credits, as the ledger has it."""
        caller = await self.admit(request)
        query = Query(request)
        limit = query.whole("limit", 50, 1, 200)
        before = query.whole("before", 0, 1, 999_999_999)
        query.finish()
        found = await self.ledger.transfers(caller.account_id, caller.asset, before or None, limit + 1)
        shown = [_transaction(each) for each in found[:limit]]
        return json_response({"transactions": shown, "limit": limit, "has_more": len(found) > limit})

    async def usage(self, request: Request) -> Response:
        """By day in UTC, newest last; days on which nothing was asked for are left out."""
        caller = await self.admit(request)
        query = Query(request)
        count = query.whole("days", _DAYS, 1, _MOST_DAYS)
        query.finish()
        found = await usage.days(self.db.pool, caller.account_id, caller.asset, self._images(), count)
        shown = [
            {
                "date": each.day.isoformat(),
                "generations": each.generations,
                "images": each.images,
                "completed": each.completed,
                "credits_spent": credits_number(each.charged_micro),
            }
            for each in found
        ]
        return json_response({"days": shown})

    async def summary(self, request: Request) -> Response:
        """All that the account has ever made."""
        caller = await self._asked(request)
        found = await usage.summary(self.db.pool, caller.account_id, caller.asset, self._images())
        return json_response(
            {
                "total_generations": found.generations,
                "total_images": found.images,
                "video_minutes": round(found.video_ms / 60_000, 2),
                "favourite_model": found.favourite,
                "credits_spent": credits_number(found.charged_micro),
            }
        )

    async def _asked(self, request: Request) -> Caller:
        caller = await self.admit(request)
        Query(request).finish()
        return caller

    async def _standing(self, caller: Caller) -> balances.Standing:
        standing = await balances.read(self.db.pool, caller.account_id, caller.asset)
        assert standing is not None, "an account is made with its balances"
        return standing

    async def _available(self, caller: Caller) -> Any:
        return credits_number((await self._standing(caller)).spendable_micro)

    def _images(self) -> Sequence[str]:
        return [each.slug for each in self.catalog.models.values() if each.kind in quickstart.IMAGE_KINDS]


def limits(tier: Tier, max_live_tasks: int | None = None) -> dict[str, Any]:
    """What a tier allows."""
    return {
        "max_resolution": _LABELS.get(tier.max_short_side, f"{tier.max_short_side}p"),
        "max_frames": tier.max_frames,
        "watermark": tier.watermark,
        "max_active_jobs": max_live_tasks or tier.max_live_tasks,
        "submits_per_minute": tier.submits_per_minute,
        "reads_per_minute": tier.reads_per_minute,
    }


def _transaction(row: Mapping[str, Any]) -> dict[str, Any]:
    task = row["task_id"]
    return {
        "id": row["version"],
        "type": row["kind"],
        "amount": credits_number(row["amount_micro"]),
        "balance_change": credits_number(row["available_change_micro"]),
        "balance": credits_number(row["available_micro"]),
        "held": credits_number(row["held_micro"]),
        "job_id": None if task is None else task_text(UUID(task)),
        "reason": row["reason"],
        "created_at": time_text(datetime.fromisoformat(row["recorded_at"])),
    }

"""Asking the ledger about credits that have moved, and those that are held."""

from typing import Any
from uuid import UUID

from gateway.outbound.owner import Owner


class Ledger:
    """The service that moves credits. Amounts are micro-credits; every method raises Problem."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner

    async def transfers(
        self, account_id: UUID, asset: str, before: int | None, limit: int
    ) -> list[dict[str, Any]]:
        """An account's transfers below a version, newest first, with the balances after each."""
        params = {"asset": asset, "limit": str(limit)}
        if before is not None:
            params["before"] = str(before)
        found = await self._owner.ask("GET", f"/accounts/{account_id}/transfers", params=params)
        return list(found["data"])

    async def holds(
        self, account_id: UUID | None, expired: bool | None, after: UUID | None, limit: int
    ) -> list[dict[str, Any]]:
        """Open holds in the order of their tasks: of an account or of all, past their time or not."""
        given = {"account": account_id, "after": after, "limit": limit}
        params = {name: str(value) for name, value in given.items() if value is not None}
        if expired is not None:
            params["expired"] = "true" if expired else "false"
        return list((await self._owner.ask("GET", "/holds", params=params))["data"])

    async def last_check(self) -> dict[str, Any]:
        """What the last check of the books found, and whether one is being made."""
        return dict(await self._owner.ask("GET", "/check"))

    async def check(self) -> dict[str, Any]:
        """Have the books checked; on big ones the answer may be that it is still being done."""
        return dict(await self._owner.ask("POST", "/check"))

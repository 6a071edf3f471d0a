"""Records that the ledger can't handle for a while, and the dead letters that they become."""

import asyncio
from collections.abc import Sequence

from chaos.api import Api
from chaos.stage import Stage, until

_POISON = """
ALTER TABLE tasks ADD CONSTRAINT chaos_poison
CHECK (storage_outcome IS NULL OR account_id NOT IN ({accounts})) NOT VALID
"""
_CURE = "ALTER TABLE tasks DROP CONSTRAINT IF EXISTS chaos_poison"
_LETTERS = "SELECT count(*) FROM dead_letters WHERE replayed_at IS NULL"
_ACCOUNTS = 1
"""Few enough, also after an outage, to stay below the dead letters a minute at which a reader stops."""
_LETTER_SECONDS = 60.0
"""For what needs the whole way of a task, while servers may be away."""


class Poison:
    """A constraint that an operator added by mistake: some records can't be handled until it is gone."""

    def __init__(self, stage: Stage, operator: Api) -> None:
        self.stage, self.operator = stage, operator
        self.replayed = 0

    async def work(self, accounts: Sequence[str], seconds: float) -> None:
        """Be there for the first of the accounts, until so many seconds after its first dead letter."""
        named = ", ".join(f"'{each}'" for each in accounts[:_ACCOUNTS])
        await self.stage.alter("ledger", _POISON.format(accounts=named))
        try:
            await until(self._letters, "a dead letter", _LETTER_SECONDS)
            await asyncio.sleep(seconds)
        finally:
            await self.cure()

    async def cure(self) -> None:
        """Take it away, if it is there."""
        await self.stage.alter("ledger", _CURE)

    async def replay_letters(self) -> None:
        """What an operator does once the cause is mended; it is part of the plan, no repair."""
        path = "/api/v1/admin/services/ledger/dead-letters"
        for _ in range(40):
            page = (await self.operator.surely("GET", path, params={"open": "true", "limit": 200})).json()
            if not page["data"]:
                return
            for letter in page["data"]:
                self.replayed += 1
                await self.operator.surely("POST", f"{path}/{letter['id']}/replay", json={"reason": "chaos"})

    async def _letters(self) -> bool:
        return bool(await self.stage.value("ledger", _LETTERS))

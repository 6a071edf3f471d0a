"""A ledger on a database of its own whose holds are past their time as soon as they are made."""

from datetime import timedelta
from typing import Any

import pytest
from ledger.usecases.apply_facts import ApplyFacts
from ledger.usecases.sweep_expired import sweep_expired
from runtime.outbox.recorder import Outbox


@pytest.fixture
def short(module_ledger: Any) -> Any:
    """Holds expired two seconds before they were made, so that no test has to wait."""
    margin = -timedelta(hours=1, seconds=2)
    module_ledger.apply = ApplyFacts(Outbox("ledger"), hold_margin=margin)
    return module_ledger


async def sweep(ledger: Any) -> int:
    """Give back what is past its time; how many holds."""
    return await sweep_expired(ledger.db, ledger.apply)


async def settlements(ledger: Any, account: Any) -> list[tuple[str, str]]:
    """What was said of the account's tasks' ends."""
    said = await ledger.said(account, "task.settled")
    return [(each["value"]["outcome"], each["value"]["reason"]) for each in said]

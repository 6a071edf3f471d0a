"""28: a refused hold is used through another id. An end is for ever; a hold is its task's alone."""

from typing import Any
from uuid import UUID

import pytest
from contracts.ids import uuid7

from tests.ledger.conftest import a, ledger, say, shared_db, t  # noqa: F401 -- fixtures


async def test_fm28_nothing_leads_out_of_a_refusal(ledger: Any, say: Any, a: UUID, t: UUID) -> None:
    """Taken out: the look for an outcome before a fact is decided. The hold was made after all, and the rows,
    which keep their first outcome, refused to be written (`LockBroken`).
    """
    await ledger.tell(say.grant(a, 10), say.request(a, t, 30))
    assert (await ledger.task(t))["outcome"] == "refused"
    await ledger.tell(say.grant(a, 100))
    for fact in (say.succeeded(a, t, 5), say.stored(a, t), say.failed(a, t), say.request(a, t, 30)):
        await ledger.tell(fact)
    assert (await ledger.task(t))["outcome"] == "refused"
    assert (await ledger.balance(a))[:2] == (110, 0)
    assert {kind for kind, _ in await ledger.transfers(a)} == {"grant"}


async def test_fm28_another_id_holds_nothing(ledger: Any, say: Any, a: UUID, t: UUID) -> None:
    """Facts on a task that has no hold, or another account's, move no credit.

    Failed without the comparison of the accounts: the batch went on, to a balance that it hadn't locked.
    """
    await ledger.tell(say.grant(a, 100), say.request(a, t, 200))
    other, stranger = uuid7(), uuid7()
    await ledger.tell(say.succeeded(a, other, 30), say.stored(a, other))
    await ledger.tell(say.grant(stranger, 100))
    with pytest.raises(ValueError, match="account"):
        await ledger.tell(say.request(stranger, t, 30))
    assert (await ledger.balance(a))[:2] == (100, 0)
    assert (await ledger.balance(stranger))[:2] == (100, 0)
    assert not await ledger.check()

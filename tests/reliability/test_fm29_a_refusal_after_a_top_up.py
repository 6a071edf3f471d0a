"""29: a repeated request after a top-up turns a refusal into a success. A refusal is a row."""

from typing import Any
from uuid import UUID

from tests.ledger.conftest import a, ledger, say, shared_db, t  # noqa: F401 -- fixtures


async def test_fm29_a_refusal_is_for_ever(ledger: Any, say: Any, a: UUID, t: UUID) -> None:
    """Taken out: the look for an outcome before a fact is decided. 30 were frozen, and the rows, which keep
    their first outcome, refused to be written (`LockBroken`).
    """
    await ledger.tell(say.request(a, t, 30))
    await ledger.tell(say.grant(a, 100), say.request(a, t, 30), say.request(a, t, 30, repeat=2))
    assert await ledger.balance(a) == (100, 0, 2)
    assert [e["event_id"] for e in await ledger.said(a, "task.settled")] == [
        f"ledger:{t}:settled:1",
        f"ledger:{t}:settled:2",
    ]

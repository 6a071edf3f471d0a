from datetime import UTC, datetime

import pytest
from contracts.envelope import Envelope
from contracts.events import Output as EventOutput
from contracts.events import ProviderCompleted
from contracts.ids import uuid7
from storage.domain.task import Output
from storage.inbound.events.provider_completed import translate

from tests.storage.storage_tools import Storage, succeeded, video

NOW = datetime.now(UTC)
ENVELOPE = Envelope("id", "dispatcher", "provider.completed.v1", "task", NOW, "00-trace")


def completed(outcome: str) -> ProviderCompleted:
    return ProviderCompleted.model_validate(
        {
            "task_id": uuid7(),
            "account_id": uuid7(),
            "attempt": 2,
            "outcome": outcome,
            "model": "m",
            "outputs": [EventOutput(index=0, kind="video", url="http://x/a")],
            "derive": ["gif"],
            "deadline": NOW,
            "completed_at": NOW,
        }
    )


@pytest.mark.parametrize("outcome", ["failed", "cancelled"])
def test_a_task_without_a_result_is_none_of_storages_business(outcome: str) -> None:
    assert translate(completed(outcome), ENVELOPE) is None


def test_a_success_keeps_its_outputs_deadline_and_trace() -> None:
    fact = translate(completed("succeeded"), ENVELOPE)
    assert fact is not None
    assert (fact.attempt, fact.outputs, fact.derive) == (2, (video("http://x/a"),), ("gif",))
    assert (fact.deadline, fact.traceparent) == (NOW, "00-trace")


@pytest.mark.stack
async def test_a_finished_task_becomes_a_row_per_output_and_one_piece_of_work(storage: Storage) -> None:
    one = succeeded(video("http://x/a"), Output(1, "image", "last_frame", "http://x/b"))
    two = succeeded(video("http://x/c"))
    await storage.accept(one, two)
    rows = await storage.db.pool.fetch("SELECT task_id, index, kind, role, url FROM copies ORDER BY url")
    assert [tuple(row) for row in rows] == [
        (one.task_id, 0, "video", None, "http://x/a"),
        (one.task_id, 1, "image", "last_frame", "http://x/b"),
        (two.task_id, 0, "video", None, "http://x/c"),
    ]
    assert await storage.db.pool.fetchval("SELECT count(*) FROM work WHERE kind = 'copy'") == 2


@pytest.mark.stack
async def test_a_repeated_word_changes_nothing_and_the_first_one_counts(storage: Storage) -> None:
    fact = succeeded(video("http://x/a"))
    other = succeeded(video("http://x/other"), task_id=fact.task_id, account_id=fact.account_id)
    await storage.accept(fact, other)
    await storage.accept(other, fact)
    assert await storage.db.pool.fetchval("SELECT string_agg(url, ' ') FROM copies") == "http://x/a"
    assert await storage.db.pool.fetchval("SELECT count(*) FROM work") == 1

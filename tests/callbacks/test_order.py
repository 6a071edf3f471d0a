"""In any order and however often: a message goes out once per address, and nothing of a deleted task."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from callbacks.domain.delivery import Again, Answer, Arrived, GivenUp, Schedule, decide
from callbacks.domain.news import Deleted, Message
from callbacks.settings import DELAYS
from callbacks.usecases.accept_news import AcceptNews
from delivery_tools import Sender
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SCHEDULE = Schedule(DELAYS, 72 * 3600.0, 120 * 3600.0)
answers = st.builds(
    Answer,
    status=st.one_of(st.none(), st.integers(100, 599)),
    error=st.none(),
    latency_ms=st.integers(0, 60_000),
    retry_after=st.one_of(st.none(), st.floats(0, 1e7)),
)
jitters = st.floats(0, 1, exclude_max=True)


@given(answers, st.integers(1, 10_000), st.floats(0, 1e7), jitters)
def test_a_delivery_never_waits_past_its_three_days(
    answer: Answer, attempts: int, age: float, jitter: float
) -> None:
    verdict = decide(answer, attempts, age, SCHEDULE, jitter)
    if isinstance(verdict, Again):
        assert verdict.delay > 0
        assert age + verdict.delay <= SCHEDULE.give_up_after + 1e-6
    assert isinstance(verdict, Arrived) == answer.delivered
    assert (verdict == GivenUp("gone")) == (answer.status == 410)


@given(st.lists(jitters, min_size=200, max_size=200))
def test_who_never_answers_is_asked_for_about_three_days_and_not_too_often(dice: list[float]) -> None:
    age, attempts = 0.0, 0
    silence = Answer(None, "timeout", 15_000)
    for jitter in dice:
        age, attempts = age + 15, attempts + 1
        verdict = decide(silence, attempts, age, SCHEDULE, jitter)
        if isinstance(verdict, GivenUp):
            break
        assert isinstance(verdict, Again)
        age += verdict.delay
    assert verdict == GivenUp("expired")
    assert SCHEDULE.give_up_after <= age <= SCHEDULE.give_up_after + 60
    assert 10 <= attempts <= 25


def test_a_receiver_that_asks_for_patience_gets_it() -> None:
    busy = Answer(429, None, 5, retry_after=900.0)
    assert decide(busy, 1, 1.0, SCHEDULE, 0.5) == Again(900.0)
    assert decide(Answer(500, None, 5, retry_after=900.0), 1, 1.0, SCHEDULE, 0.5) == Again(5.0)


orders = st.lists(st.tuples(st.sampled_from(range(3)), st.booleans()), min_size=1, max_size=12)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=orders, cuts=st.lists(st.integers(1, 4), min_size=12, max_size=12))
async def test_facts_in_any_order_and_batching_make_one_delivery_and_forget_what_was_deleted(
    sender: Sender, order: list[tuple[int, bool]], cuts: list[int]
) -> None:
    account, tasks = uuid4(), [uuid4() for _ in range(3)]
    endpoint = await sender.endpoint("https://example.com/", account=account)
    messages = [_message(account, task) for task in tasks]
    facts: list[Any] = [Deleted(tasks[n]) if gone else messages[n] for n, gone in order]
    for size in cuts:
        batch, facts = facts[:size], facts[size:]
        async with sender.db.transaction() as tx:
            await AcceptNews()(tx, batch)
    query = """
        SELECT m.task_id, m.data FROM deliveries d JOIN messages m ON m.id = d.message_id
        WHERE d.endpoint_id = $1
    """
    rows = await sender.db.pool.fetch(query, endpoint)
    assert len(rows) == len({row["task_id"] for row in rows})
    deleted = {tasks[n] for n, gone in order if gone}
    assert {row["task_id"] for row in rows if row["data"] is not None} == (
        {tasks[n] for n, gone in order if not gone} - deleted
    )


def _message(account: UUID, task: UUID) -> Message:
    return Message(uuid4(), account, "task.failed", task, datetime.now(UTC), {"task_id": str(task)})

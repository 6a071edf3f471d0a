"""A job hears its facts early, late, twice and against each other: it ends once, as the first words say."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from contracts import codes
from dispatcher.domain.decide import Conclude, decide
from dispatcher.domain.facts import Fact, merge
from dispatcher.domain.job import Attempt, Change, Job
from dispatcher_tools import Dispatcher, cancel, deleted, frozen, requested, settled
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from job_world import CANCELS, TIMING, VIDEO, World, poll
from providers import outcomes as o

NEEDED = ["requested", "frozen"]
AGAINST = ["cancel", "late", "halt", "settled", "deleted"]
"""What may be said of a task besides, at any moment: three who want it stopped, two that end it."""
CODES = {"client": codes.CANCELLED, "operator": codes.CANCELLED, "deadline": codes.DEADLINE_EXCEEDED}


def until_quiet(world: World) -> None:
    """Step until the job has nothing more to do."""
    for _ in range(250):
        if decide(world.job, TIMING) == Conclude(Change(None)):
            return
        world.step()
        world.pass_time(450)
    raise AssertionError(f"never quiet: {world.job}")


def timeless(job: Job) -> Job:
    """The job without the moment at which it was looked at."""
    return replace(job, now=job.now.min.replace(tzinfo=job.now.tzinfo), deadline=None)


@given(st.data())
def test_fm11_whatever_is_said_and_whenever_a_job_has_one_end_that_nothing_changes(
    data: st.DataObject,
) -> None:
    """A provider of every mood, and steps between any two facts.

    Failed with `job.closed` taken out of `decide`, and with `settled` taken out of `Job.closed`.
    """
    world = World(data.draw)
    others = st.lists(st.sampled_from([*NEEDED, *AGAINST]), max_size=6)
    ended_by_others = False
    for fact in data.draw(st.permutations([*NEEDED, *data.draw(others)])):
        for _ in range(data.draw(st.integers(0, 4))):
            world.step()
            world.pass_time(data.draw(st.sampled_from([0.5, 30, 61, 901])))
        ended_by_others |= fact in {"settled", "deleted"} and not world.job.completed
        world.hear(fact)
    until_quiet(world)
    assert len(world.words) == (0 if ended_by_others else 1)
    assert world.taken <= 1
    before, sends = world.job, world.sends
    for fact in data.draw(st.permutations([*NEEDED, *AGAINST])):
        world.hear(fact)
        assert decide(world.job, TIMING) == Conclude(Change(None))
    assert (world.job.attempts, world.sends, len(world.words)) == (before.attempts, sends, len(world.words))


class Fair(World):
    """A provider that takes the job, works for a while and succeeds; it stops nothing."""

    def __init__(self) -> None:
        super().__init__(self._never)

    @staticmethod
    def _never(_: Any) -> Any:
        raise AssertionError("nothing is left to chance")

    def _answer(self, n: int) -> o.SubmitOutcome:
        self.taken += 1
        self.mine[n] = f"job-{n}"
        return o.Accepted(self.mine[n])

    def _outcome(self, found: Attempt) -> o.PollOutcome:
        return o.Succeeded((VIDEO,), o.Usage()) if found.polls >= 2 else o.Progress("running")

    def _cancel(self, found: Attempt) -> Change:
        return replace(poll(self.job, self._outcome(found)), cancel="refused")


def end(order: list[str]) -> tuple[World, Job]:
    """What becomes of a job that hears all of this before the first step."""
    world = Fair()
    for fact in order:
        world.hear(fact)
    until_quiet(world)
    return world, timeless(world.job)


@given(st.lists(st.sampled_from(AGAINST), max_size=4), st.data())
def test_fm11_the_same_words_in_any_order_and_number_lead_to_the_same_end(
    against: list[str], data: st.DataObject
) -> None:
    """Of those who want it stopped the first counts; else order and repetition make no difference.

    Failed with the cancel taken out of `decide`, and with one that counted only before the request.
    """
    told = [*NEEDED, *against]
    straight, ended = end(told)
    repeats = data.draw(st.lists(st.sampled_from(told), max_size=4))
    stops = [fact for fact in told if fact in CANCELS]
    later = [fact for fact in stops if fact != stops[0]]
    shuffled = data.draw(st.permutations([fact for fact in [*told, *repeats] if fact not in later]))
    world, again = end([*shuffled, *later])
    assert again == ended
    assert world.words == straight.words
    if {"settled", "deleted"} & {*against}:
        assert (world.words, world.sends) == ([], 0)
    elif stops:
        reason = world.job.cancel
        assert reason is not None
        assert ([word.code for word in world.words], world.sends) == ([CODES[reason]], 0)
    else:
        assert ([word.outcome for word in world.words], world.sends) == (["succeeded"], 1)


def contradictions() -> list[Fact]:
    """Facts of one task of which no two of a kind agree."""
    one = requested()
    other = replace(one, input={"prompt": "another"}, deadline=one.deadline + timedelta(hours=1))
    return [
        one,
        other,
        frozen(one),
        replace(frozen(other), frozen_at=one.requested_at),
        cancel(one),
        cancel(one, "deadline"),
        settled(one, "released"),
        settled(one, "settled"),
        deleted(one),
        replace(deleted(one), deleted_at=one.deadline),
    ]


@given(st.data())
def test_fm11_a_batch_keeps_the_first_word_of_each_kind(data: st.DataObject) -> None:
    """Failed with `task.cancel = fact` in `merge`."""
    facts = data.draw(st.permutations(contradictions()))
    (merged,) = merge(facts)[0].values()
    firsts = {type(fact).__name__: fact for fact in reversed(facts)}
    kept = (merged.requested, merged.frozen, merged.cancel, merged.deleted, merged.settled)
    assert {type(fact).__name__: fact for fact in kept} == firsts


_ROW = """
SELECT requested_at, frozen_at, cancel_reason, settled_outcome, deleted_at, input->>'prompt' AS prompt
FROM jobs
"""


@pytest.mark.stack
@given(data=st.data())
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_fm11_a_row_keeps_the_first_word_of_each_kind(
    dispatcher: Dispatcher, data: st.DataObject
) -> None:
    await dispatcher.db.pool.execute("TRUNCATE jobs, attempts, work")
    facts = data.draw(st.permutations(contradictions()))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(facts)), max_size=4)))
    for start, stop in zip([0, *cuts], [*cuts, len(facts)], strict=True):
        if facts[start:stop]:
            await dispatcher.apply(*facts[start:stop])
    first: dict[str, Any] = {type(fact).__name__: fact for fact in reversed(facts)}
    row = await dispatcher.db.pool.fetchrow(_ROW)
    assert row is not None
    assert dict(row) == {
        "requested_at": first["Requested"].requested_at,
        "frozen_at": first["Frozen"].frozen_at,
        "cancel_reason": first["CancelRequested"].reason,
        "settled_outcome": first["Settled"].outcome,
        "deleted_at": first["Deleted"].deleted_at,
        "prompt": None,
    }

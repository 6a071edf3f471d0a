"""The job's state machine, pure."""

from dataclasses import replace
from datetime import timedelta

import pytest
from dispatcher.domain.decide import Cancel, Conclude, Follow, Poll, Resolve, Submit, decide
from dispatcher.domain.job import LIVE, Change, Completion, Job
from dispatcher.domain.verdicts import after_cancel, after_submit
from hypothesis import given
from hypothesis import strategies as st
from job_world import NOW, SENDING, TIMING, VIDEO, World, attempt, job, poll
from providers import outcomes as o

STATUSES = ["submitting", "deferred", "submitted", "succeeded", "failed", "cancelled", "absent", "unknown"]


@st.composite
def jobs(draw: st.DrawFn) -> Job:
    statuses = draw(st.lists(st.sampled_from(STATUSES), max_size=3))
    earlier = [each for each in statuses[:-1] if each not in (*LIVE, "deferred")]
    numbered = enumerate([*earlier, *statuses[-1:]], start=1)
    orphans = st.sampled_from([None, "suspected", "confirmed", "cleared"])
    return job(
        requested=draw(st.booleans()),
        frozen=draw(st.booleans()),
        cancel=draw(st.sampled_from([None, "client", "deadline"])),
        settled=draw(st.booleans()),
        completed=draw(st.booleans()),
        deadline=NOW + timedelta(seconds=draw(st.sampled_from([-100_000, -1, 1, 3600]))),
        attempts=tuple(attempt(n, status, orphan=draw(orphans)) for n, status in numbered),
    )


@given(jobs())
def test_a_submit_needs_both_facts_time_and_nothing_on_its_way(job: Job) -> None:
    step = decide(job, TIMING)
    if isinstance(step, Submit):
        assert job.requested
        assert job.frozen
        assert not job.closed
        assert not job.overdue
        assert job.cancel is None
        assert not any(each.status in LIVE for each in job.attempts)
        latest = job.latest
        reused = latest is not None and latest.status == "deferred"
        assert step.n == (latest.n if latest else 0) + (0 if reused else 1)


@given(jobs())
def test_an_open_job_is_never_left_without_a_next_look(job: Job) -> None:
    step = decide(job, TIMING)
    if isinstance(step, Conclude) and not job.closed:
        assert step.change.delay is not None or step.change.completion is not None


@given(jobs())
def test_a_closed_job_is_only_followed(job: Job) -> None:
    step = decide(replace(job, completed=True), TIMING)
    assert isinstance(step, Follow) or step == Conclude(Change(None))


@pytest.mark.parametrize("status", ["deferred", "failed", "absent", "unknown"])
@pytest.mark.parametrize("known", [True, False])
def test_what_no_provider_has_is_cancelled_at_once(status: str, known: bool) -> None:
    attempts = (attempt(status=status),) if known else ()
    step = decide(job(requested=known, frozen=known, cancel="client", attempts=attempts), TIMING)
    assert step == Conclude(Change(None, completion=Completion("cancelled", "cancelled")))


def test_the_deadlines_own_cancel_says_so() -> None:
    step = decide(job(cancel="deadline"), TIMING)
    assert isinstance(step, Conclude)
    assert step.change.completion is not None
    assert (step.change.completion.outcome, step.change.completion.code) == ("failed", "deadline_exceeded")


def test_a_provider_is_told_to_stop_until_it_has_answered() -> None:
    running = job(cancel="client", attempts=(attempt(),))
    assert decide(running, TIMING) == Cancel(running.attempts[0])
    for answer in ("accepted", "refused"):
        told = job(cancel="client", attempts=(attempt(cancel=answer),))
        assert decide(told, TIMING) == Poll(told.attempts[0])
    sending = job(cancel="client", attempts=(attempt(status="submitting"),))
    assert decide(sending, TIMING) == Resolve(sending.attempts[0])


@pytest.mark.parametrize(
    ("outcome", "answer", "expected"),
    [
        (o.CancelAccepted(), "accepted", True),
        (o.CancelRefused("it runs"), "refused", True),
        (o.Gone("?"), None, True),
        (o.Throttled(9.0), None, False),
        (o.Unknown("502"), None, False),
        (o.BadCredentials("?"), None, False),
    ],
)
def test_each_answer_to_a_cancel_leaves_the_last_word_to_a_poll(
    outcome: o.CancelOutcome, answer: str | None, expected: bool
) -> None:
    change = after_cancel(Change(5.0, progress="queued", polled=True), outcome, again=2.0)
    assert (change.cancel, change.completion, change.expected) == (answer, None, expected)
    assert change.progress == "queued"
    assert change.delay is not None


def test_what_ends_after_our_cancel_ends_as_the_provider_says() -> None:
    told = job(cancel="client", attempts=(attempt(cancel="accepted"),))
    stopped = poll(told, o.Cancelled())
    assert (stopped.status, stopped.completion) == ("cancelled", Completion("cancelled", "cancelled"))
    gone = poll(told, o.Gone("deleted"))
    assert (gone.completion, gone.orphan) == (Completion("cancelled", "cancelled"), "suspected")
    done = poll(told, o.Succeeded((VIDEO,), o.Usage()))
    assert done.completion is not None
    assert done.completion.outcome == "succeeded"


def test_a_job_that_somebody_else_cancelled_has_failed() -> None:
    change = poll(job(attempts=(attempt(),)), o.Cancelled())
    assert change.completion is not None
    assert (change.completion.outcome, change.completion.code) == ("failed", "provider_failed")


def test_what_may_be_on_its_way_is_resolved_even_past_the_deadline() -> None:
    late = job(deadline=NOW - timedelta(1), attempts=(attempt(status="submitting"),))
    assert decide(late, TIMING) == Resolve(late.attempts[0])
    running = job(deadline=NOW - timedelta(1), attempts=(attempt(),))
    assert decide(running, TIMING) == Poll(running.attempts[0])


def test_a_task_for_which_there_never_was_quota_says_so() -> None:
    spent = attempt(status="deferred", error_class="quota")
    step = decide(job(deadline=NOW, attempts=(spent,)), TIMING)
    assert isinstance(step, Conclude)
    assert step.change.completion is not None
    assert step.change.completion.code == "provider_unavailable"


@pytest.mark.parametrize(
    ("outcome", "status", "code"),
    [
        (o.Accepted("j"), "submitted", None),
        (o.Succeeded((VIDEO,), o.Usage()), "succeeded", None),
        (o.Throttled(9.0), "deferred", None),
        (o.OutOfQuota("no money"), "deferred", None),
        (o.BadCredentials("no"), "deferred", None),
        (o.Unknown("502"), None, None),
        (o.Moderated("no"), "failed", "content_refused"),
        (o.InvalidInput("no"), "failed", "input_rejected"),
        (o.InvalidInput("no", None, "input_unreachable"), "failed", "input_unreachable"),
        (o.Failed("X", "no"), "failed", "provider_failed"),
    ],
)
def test_each_answer_to_a_submit(outcome: o.SubmitOutcome, status: str | None, code: str | None) -> None:
    change = after_submit(job(), SENDING, outcome, first_poll=10, again=1, fails_over=False)
    assert change.status == status
    assert (change.completion.code if change.completion else None) == code
    assert (change.delay is None) == (change.completion is not None)


def test_a_throttled_task_waits_as_long_as_it_is_told() -> None:
    assert (
        after_submit(job(), SENDING, o.Throttled(9.0), first_poll=10, again=1, fails_over=False).delay == 9.0
    )


def test_only_the_providers_own_fault_goes_to_another_route() -> None:
    for outcome in (o.Moderated("m"), o.InvalidInput("m")):
        assert (
            after_submit(job(), SENDING, outcome, first_poll=1, again=1, fails_over=True).completion
            is not None
        )
    over = after_submit(job(), SENDING, o.Failed("X", "m"), first_poll=1, again=1, fails_over=True)
    assert (over.status, over.completion) == ("failed", None)


def test_progress_is_said_only_when_it_grows() -> None:
    queued = job(attempts=(attempt(progress="submitted"),))
    assert poll(queued, o.Progress("queued")).progress == "queued"
    running = job(attempts=(attempt(progress="processing", percent=40),))
    assert poll(running, o.Progress("running", 40)).progress is None
    assert poll(running, o.Progress("queued")).progress is None
    further = poll(running, o.Progress("running", 41))
    assert (further.progress, further.percent) == ("processing", 41)


def test_success_costs_what_was_used() -> None:
    done = poll(job(attempts=(attempt(),)), o.Succeeded((VIDEO,), o.Usage(output_seconds=4)))
    assert done.actual_micro == 4 * 612_000
    assert done.completion is not None
    assert done.completion.results[0].url == VIDEO.url


def test_a_gone_job_is_uncertain_before_it_is_given_up() -> None:
    fresh = job(attempts=(attempt(),))
    assert poll(fresh, o.Gone("?")).completion is None
    long = job(attempts=(attempt(gone_at=NOW - timedelta(seconds=901)),))
    change = poll(long, o.Gone("?"))
    assert (change.status, change.orphan) == ("unknown", "suspected")


@pytest.mark.parametrize("outcome", [o.Unknown("?"), o.Throttled(), o.OutOfQuota("?"), o.BadCredentials("?")])
def test_a_poll_without_a_word_on_the_job_is_repeated_until_well_past_the_deadline(
    outcome: o.PollOutcome,
) -> None:
    for seconds in (3600, -899):
        asked = job(deadline=NOW + timedelta(seconds=seconds), attempts=(attempt(),))
        assert poll(asked, outcome).delay == 2.0
    late = job(deadline=NOW - timedelta(seconds=900), attempts=(attempt(),))
    change = poll(late, outcome)
    assert change.completion is not None
    assert change.completion.code == "provider_outcome_unknown"


def test_past_the_deadline_success_counts_and_running_does_not() -> None:
    late = job(deadline=NOW - timedelta(seconds=1), attempts=(attempt(),))
    assert poll(late, o.Succeeded((VIDEO,), o.Usage())).status == "succeeded"
    running = poll(late, o.Progress("running"))
    assert (running.orphan, running.completion and running.completion.code) == (
        "suspected",
        "deadline_exceeded",
    )


@given(st.data())
def test_16_whatever_is_lost_a_task_has_one_job_and_one_last_word(data: st.DataObject) -> None:
    world = World(data.draw)
    facts = ["requested", "frozen", *(["cancel"] if data.draw(st.booleans()) else [])]
    heard = data.draw(st.permutations(facts + data.draw(st.lists(st.sampled_from(facts), max_size=3))))
    for _ in range(data.draw(st.integers(1, 40))):
        if heard and data.draw(st.booleans()):
            world.hear(heard.pop())
        world.step()
        assert world.taken <= 1
        world.pass_time(data.draw(st.sampled_from([0.5, 30, 61, 901])))
    world.pass_time(3600 + 901)
    for _ in range(200):
        if world.job.completed:
            break
        world.step()
        world.pass_time(450)
    assert len(world.words) == 1
    assert world.taken <= 1

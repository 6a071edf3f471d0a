"""The job's state machine, pure."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from dispatcher.domain.decide import Cancel, Conclude, Follow, Poll, Resolve, Submit, decide
from dispatcher.domain.job import LIVE, Attempt, Change, Completion, Job, Problem, Timing
from dispatcher.domain.verdicts import absent, after_cancel, after_poll, after_submit, deferred, given_up
from hypothesis import given
from hypothesis import strategies as st
from providers import outcomes as o

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TIMING = Timing(absent_after=60, uncertain_after=900)
RULE = {"kind": "per_second", "micro": 612_000, "seconds": 5}
STATUSES = ["submitting", "deferred", "submitted", "succeeded", "failed", "cancelled", "absent", "unknown"]
VIDEO = o.Output("video", None, "https://host.invalid/v.mp4")


def job(**fields: Any) -> Job:
    given = {
        "task_id": UUID(int=1),
        "account_id": UUID(int=2),
        "now": NOW,
        "requested": True,
        "frozen": True,
        "asset": "credit",
        "model": "m",
        "price_rule": RULE,
        "deadline": NOW + timedelta(hours=1),
    }
    return Job(**{**given, **fields})


def attempt(n: int = 1, status: Any = "submitted", **fields: Any) -> Attempt:
    known = "cgt-1" if status not in ("submitting", "deferred") else None
    given = {
        "provider": "ark",
        "protocol": "ark",
        "model": "pm",
        "credential_id": "c",
        "correlation": f"x-{n}",
        "sends": 1,
        "submitting_at": NOW - timedelta(seconds=10),
        "job_id": known,
    }
    return Attempt(n=n, status=status, **{**given, **fields})


SENDING = attempt(status="submitting")


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


def poll(job: Job, outcome: o.PollOutcome, **how: Any) -> Change:
    given = {"timing": TIMING, "pace": 5.0, "again": 2.0, "fails_over": False}
    assert job.latest is not None
    return after_poll(job, job.latest, outcome, **{**given, **how})


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


class World:
    """A provider with the truth about each send, and a job that changes as the database changes it."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw, self.taken, self.sends, self.completions = draw, 0, 0, 0
        self.mine: dict[int, str] = {}
        self.stopped: set[int] = set()
        self.job = job(requested=False, frozen=False)

    def hear(self, fact: str) -> None:
        """A fact; a repeat changes nothing."""
        self.job = replace(self.job, **{fact: "client" if fact == "cancel" else True})

    def step(self) -> None:
        step = decide(self.job, TIMING)
        match step:
            case Submit(n):
                self._change(self._submit(n))
            case Resolve(found):
                self._change(self._resolve(found))
            case Poll(found) | Follow(found):
                self._change(self._poll(found))
            case Cancel(found):
                self._change(self._cancel(found))
            case Conclude(change):
                self._change(change)

    def pass_time(self, seconds: float) -> None:
        self.job = replace(self.job, now=self.job.now + timedelta(seconds=seconds))

    def _submit(self, n: int) -> Change:
        kept = [each for each in self.job.attempts if each.n != n]
        marked = attempt(n, "submitting", submitting_at=self.job.now)
        self.job = replace(self.job, attempts=(*kept, marked))
        self.sends += 1
        kind = self.draw(st.sampled_from(["ok", "lost answer", "lost request", "throttled", "not sent"]))
        if kind in ("ok", "lost answer"):
            self.taken += 1
            self.mine[n] = f"job-{self.sends}"
        if kind == "not sent":
            return deferred(1.0, Problem("not_sent", "refused"))
        answers: dict[str, o.SubmitOutcome] = {
            "ok": o.Accepted(self.mine.get(n, "")),
            "throttled": o.Throttled(1.0),
        }
        outcome = answers.get(kind, o.Unknown("lost"))
        return after_submit(job(), SENDING, outcome, first_poll=5, again=1, fails_over=False)

    def _resolve(self, found: Attempt) -> Change:
        age = self.job.age(found.submitting_at)
        seen = self.draw(st.booleans())
        if seen and found.n in self.mine:
            return Change(0.2, "submitted", self.mine[found.n])
        if seen and age > TIMING.absent_after:
            return absent()
        if age >= TIMING.uncertain_after:
            return given_up(Problem("unknown", "?"))
        return Change(1.0)

    def _poll(self, found: Attempt) -> Change:
        asked = replace(self.job, attempts=(found,))
        outcomes: list[o.PollOutcome] = [
            o.Progress("running"),
            o.Unknown("?"),
            o.Gone("?"),
            o.Succeeded((VIDEO,), o.Usage()),
            o.Failed("X", "no"),
            *([o.Cancelled()] if found.n in self.stopped else []),
        ]
        return poll(asked, self.draw(st.sampled_from(outcomes)))

    def _cancel(self, found: Attempt) -> Change:
        change = self._poll(found)
        if change.completion is not None:
            return change
        answers: list[o.CancelOutcome] = [
            o.CancelAccepted(),
            o.CancelRefused("late"),
            o.Gone("?"),
            o.Unknown("?"),
        ]
        answer = self.draw(st.sampled_from(answers))
        if isinstance(answer, o.CancelAccepted):
            self.stopped.add(found.n)
        return after_cancel(change, answer, again=1.0)

    def _change(self, change: Change) -> None:
        latest = self.job.latest
        if latest is not None:
            gone = self.job.now if change.gone else None
            changed = replace(
                latest,
                status=change.status or latest.status,
                job_id=latest.job_id or change.job_id,
                orphan=change.orphan or latest.orphan,
                cancel=latest.cancel or change.cancel,
                gone_at=(latest.gone_at or gone) if change.gone is not False else None,
            )
            self.job = replace(self.job, attempts=(*self.job.attempts[:-1], changed))
        if change.completion is not None and not self.job.closed:
            self.completions += 1
            self.job = replace(self.job, completed=True)


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
    assert world.completions == 1
    assert world.taken <= 1

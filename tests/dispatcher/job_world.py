"""A job and its provider in memory: what the database and the network do to them, without either."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from dispatcher.domain.decide import Cancel, Conclude, Follow, Poll, Resolve, Step, Submit, decide
from dispatcher.domain.job import Attempt, CancelReason, Change, Completion, Job, Problem, Timing
from dispatcher.domain.verdicts import (
    absent,
    after_cancel,
    after_follow,
    after_poll,
    after_submit,
    given_up,
)
from hypothesis import strategies as st
from providers import outcomes as o

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TIMING = Timing(absent_after=60, uncertain_after=900)
RULE = {"kind": "per_second", "micro": 612_000, "seconds": 5}
CANCELS: Mapping[str, CancelReason] = {"cancel": "client", "late": "deadline", "halt": "operator"}
COLUMN = {"deleted": "settled"}
"""A deleted task is read as a settled one."""
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


def poll(job: Job, outcome: o.PollOutcome, **how: Any) -> Change:
    given = {"timing": TIMING, "pace": 5.0, "again": 2.0, "fails_over": False}
    assert job.latest is not None
    return after_poll(job, job.latest, outcome, **{**given, **how})


class World:
    """A provider with the truth about each send, and a job that changes as the database changes it."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw, self.taken, self.sends = draw, 0, 0
        self.words: list[Completion] = []
        self.mine: dict[int, str] = {}
        self.stopped: set[int] = set()
        self.job = job(requested=False, frozen=False)

    def hear(self, fact: str) -> None:
        """A fact as `db/jobs.py` merges it: the first word of each kind counts, a repeat changes nothing."""
        if fact in CANCELS:
            self.job = replace(self.job, cancel=self.job.cancel or CANCELS[fact])
        else:
            self.job = replace(self.job, **{COLUMN.get(fact, fact): True})

    def step(self) -> Step:
        """Take the step that follows; which it was."""
        step = decide(self.job, TIMING)
        match step:
            case Submit(n):
                self._change(n, self._submit(n))
            case Resolve(found):
                self._change(found.n, self._resolve(found))
            case Poll(found):
                self._change(found.n, self._poll(found))
            case Follow(found):
                self._change(found.n, self._follow(found))
            case Cancel(found):
                self._change(found.n, self._cancel(found))
            case Conclude(change):
                self._change(len(self.job.attempts), change)
        return step

    def pass_time(self, seconds: float) -> None:
        self.job = replace(self.job, now=self.job.now + timedelta(seconds=seconds))

    def _submit(self, n: int) -> Change:
        assert not self.job.closed, "nothing is sent for a task that has ended"
        kept = [each for each in self.job.attempts if each.n != n]
        marked = attempt(n, "submitting", submitting_at=self.job.now)
        self.job = replace(self.job, attempts=(*kept, marked))
        self.sends += 1
        return after_submit(job(), SENDING, self._answer(n), first_poll=5, again=1, fails_over=False)

    def _answer(self, n: int) -> o.SubmitOutcome:
        kind = self.draw(st.sampled_from(["ok", "lost answer", "lost request", "throttled", "not sent"]))
        if kind in ("ok", "lost answer"):
            self.taken += 1
            self.mine[n] = f"job-{self.sends}"
        if kind == "not sent":
            return o.BadCredentials("refused before it was sent")
        answers: dict[str, o.SubmitOutcome] = {
            "ok": o.Accepted(self.mine.get(n, "")),
            "throttled": o.Throttled(1.0),
        }
        return answers.get(kind, o.Unknown("lost"))

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
        return poll(replace(self.job, attempts=(found,)), self._outcome(found))

    def _outcome(self, found: Attempt) -> o.PollOutcome:
        outcomes: list[o.PollOutcome] = [
            o.Progress("running"),
            o.Unknown("?"),
            o.Gone("?"),
            o.Succeeded((VIDEO,), o.Usage()),
            o.Failed("X", "no"),
            *([o.Cancelled()] if found.n in self.stopped else []),
        ]
        return self.draw(st.sampled_from(outcomes))

    def _follow(self, found: Attempt) -> Change:
        """A closed task's orphan, as `follow_orphan` asks for it."""
        if found.job_id is not None:
            return after_follow(self.job, found, found.job_id, self._outcome(found))
        if found.n in self.mine:
            return Change(0.2, "submitted", self.mine[found.n], orphan="suspected")
        if self.job.age(found.submitting_at) < TIMING.uncertain_after:
            return Change(225.0, orphan="suspected")
        return Change(None, "unknown", problem=Problem("unknown", "?"), orphan="suspected")

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

    def _change(self, n: int, change: Change) -> None:
        self.job = replace(
            self.job,
            attempts=tuple(
                self._changed(each, change) if each.n == n else each for each in self.job.attempts
            ),
        )
        if change.completion is not None:
            assert not self.job.closed, "a task that has ended gets no other word"
            self.words.append(change.completion)
            self.job = replace(self.job, completed=True)

    def _changed(self, was: Attempt, change: Change) -> Attempt:
        gone = self.job.now if change.gone else None
        return replace(
            was,
            status=change.status or was.status,
            job_id=was.job_id or change.job_id,
            orphan=change.orphan or was.orphan,
            cancel=was.cancel or change.cancel,
            polls=was.polls + change.polled,
            gone_at=(was.gone_at or gone) if change.gone is not False else None,
        )

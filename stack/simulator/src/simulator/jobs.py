"""A job's life: accepted, queued, running, final; what of it is kept, and for how long."""

import re
import time
from dataclasses import dataclass, field
from typing import Any, Literal

from simulator.facts import PROVIDERS
from simulator.inputs import MediaInput

State = Literal["queued", "running", "succeeded", "failed", "cancelled", "expired"]
Outcome = Literal[
    "succeed", "fail", "moderated", "expire", "never_final", "succeed_then_fail", "fail_then_succeed"
]

FINAL: frozenset[State] = frozenset({"succeeded", "failed", "cancelled", "expired"})

QUEUED_MARKER_SECONDS = 10.0
_DELAY_MARKER = re.compile(r"\[sim:delay=(\d+(?:\.\d+)?)\]")


@dataclass(slots=True)
class Job:
    """One accepted generation. Times are unix seconds; `None` until known."""

    provider: str
    id: str
    model: str
    prompt: str
    accepted_at: float
    base_url: str
    params: dict[str, Any]
    """What was asked, defaults applied, in the provider's own words."""
    look: str
    inputs: list[MediaInput] = field(default_factory=list)
    callback_url: str | None = None
    safety_identifier: str | None = None
    correlation: str | None = None
    """What the client calls it by, where the protocol carries that."""
    outcome: Outcome = "succeed"
    queue_seconds: float = 0.0
    run_seconds: float = 0.0
    state: State = "queued"
    started_at: float | None = None
    finished_at: float | None = None
    size: tuple[int, int] | None = None
    input_seconds: float = 0.0
    files: list[str] = field(default_factory=list)
    """The results' names, in the order of `Provider.results`."""
    path: str = ""
    """Where it was submitted."""
    cached: bool = False
    usage: dict[str, Any] | None = None
    error: tuple[str, str] | None = None
    deleted: bool = False
    billed: bool = False
    """Whether it was ever a success, which is what the providers bill."""
    contradicted: bool = False
    """Whether its final word has been followed by the opposite one, for outcomes that have two."""

    @property
    def changed_at(self) -> float:
        """When the state last changed."""
        return self.finished_at or self.started_at or self.accepted_at

    @property
    def final(self) -> bool:
        """True when nothing changes any more."""
        return self.state in FINAL

    @property
    def percent(self) -> int:
        """How far it is: 0 while queued, at most 99 while running."""
        if self.state == "running" and self.started_at is not None:
            done = (time.time() - self.started_at) / max(self.run_seconds, 0.001)
            return min(99, max(0, int(done * 100)))
        return 100 if self.state == "succeeded" else 0

    def plan(self, delay_seconds: float) -> None:
        """Set outcome and waits: as the prompt's markers say, else a quarter queued, the rest running."""
        marker = _DELAY_MARKER.search(self.prompt)
        delay = float(marker.group(1)) if marker else delay_seconds
        self.queue_seconds, self.run_seconds = delay * 0.25, delay * 0.75
        if "[sim:queued]" in self.prompt:
            self.queue_seconds = QUEUED_MARKER_SECONDS
        for text, outcome in _OUTCOME_MARKERS.items():
            if text in self.prompt:
                self.outcome = outcome


_OUTCOME_MARKERS: dict[str, Outcome] = {
    "[sim:fail]": "fail",
    "[sim:moderated]": "moderated",
    "[sim:expired]": "expire",
}


ORDERED_OUTCOMES: dict[str, Outcome] = {
    "fail": "fail",
    "moderated": "moderated",
    "never_final": "never_final",
    "succeed_then_fail": "succeed_then_fail",
    "fail_then_succeed": "fail_then_succeed",
}
"""Fault to outcome."""


class JobStore:
    """Every job since the last reset, by provider and id, in the order they were accepted."""

    def __init__(self) -> None:
        self.log: list[Job] = []
        self._jobs: dict[str, dict[str, Job]] = {provider: {} for provider in PROVIDERS}

    def add(self, job: Job) -> None:
        """Keep a job."""
        self.log.append(job)
        self._jobs[job.provider][job.id] = job

    def has(self, provider: str, job_id: str) -> bool:
        """True if the id was ever given out, deleted and expired ones included."""
        return job_id in self._jobs[provider]

    def get(self, provider: str, job_id: str) -> Job | None:
        """The job as its provider would find it: None if unknown, deleted, or past retention."""
        job = self._jobs[provider].get(job_id)
        return job if job is not None and _visible(job, time.time()) else None

    def newest_first(self, provider: str) -> list[Job]:
        """The provider's jobs that a list would show."""
        now = time.time()
        return [job for job in reversed(self._jobs[provider].values()) if _visible(job, now)]

    def clear(self) -> None:
        """Forget everything."""
        self.log.clear()
        for jobs in self._jobs.values():
            jobs.clear()


def _visible(job: Job, now: float) -> bool:
    return not job.deleted and now - job.accepted_at < PROVIDERS[job.provider].job_seconds

"""A claimed job: load it, take the one step that follows, write down what came of it."""

import asyncio
import time
from dataclasses import replace
from itertools import count

import structlog
from runtime import tracing
from runtime.backoff import delay
from runtime.db import PERMANENT
from runtime.work.table import Claim

from dispatcher.db.records import Record
from dispatcher.domain.decide import Cancel, Conclude, Doubt, Follow, Poll, Resolve, Step, Submit, decide
from dispatcher.domain.job import Attempt, Change, Job
from dispatcher.usecases.cancel_attempt import cancel_attempt
from dispatcher.usecases.desk import Desk, Lease
from dispatcher.usecases.doubt_attempt import doubt_attempt
from dispatcher.usecases.follow_orphan import AGAIN_SECONDS, follow_orphan
from dispatcher.usecases.poll_attempt import poll_attempt
from dispatcher.usecases.resolve_attempt import resolve_attempt
from dispatcher.usecases.submit_attempt import submit_attempt

log = structlog.get_logger()

WORK = "job"
"""The kind of the dispatcher's work rows; their id is the task's."""

RECORD_FIRST, RECORD_MOST = 0.1, 2.0


class HandleJob:
    """Handles one claim: at most one step, each a transaction before and after its call."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, claim: Claim) -> None:
        """Take the step. When it raises, the worker puts the row back."""
        began = time.monotonic()
        job = await self._desk.store.load(claim.id)
        if job is None:
            log.error("work_without_job", task_id=str(claim.id))
            await self._desk.store.drop(claim)
            return
        step = decide(job, self._desk.timing)
        with (
            tracing.work(
                type(step).__name__.lower(),
                job.traceparent,
                task_id=job.task_id,
                account_id=job.account_id,
                attempt=_number(step),
            ) as traceparent,
            self._desk.bulkheads.share() as share,
        ):
            job = replace(job, traceparent=traceparent)
            lease = Lease(claim, job, began, share)
            attempt, change = await self._step(job, step, lease)
            _note_health(self._desk, attempt, change)
            change = _follow_up(job, attempt, change)
            await self._write_down(Record(claim, job, attempt, change), lease)

    async def _write_down(self, record: Record, lease: Lease) -> None:
        """As often as it takes: what a provider has answered to a submit it may never say again.

        A repeat of what was written after all changes nothing: the attempt is no longer as the step saw it.
        """
        for tries in count(1):
            try:
                await self._desk.store.record(record)
                return
            except PERMANENT:
                raise
            except Exception as error:
                wait = delay(tries, RECORD_FIRST, RECORD_MOST)
                if not lease.allows(wait):
                    raise
                log.warning("not_recorded_yet", task_id=str(record.task_id), error=repr(error)[:300])
                await asyncio.sleep(wait)

    async def _step(self, job: Job, step: Step, lease: Lease) -> tuple[Attempt | None, Change]:
        match step:
            case Submit(n):
                return await submit_attempt(self._desk, job, n, lease)
            case Doubt(n):
                return None, await doubt_attempt(self._desk, job, n)
            case Resolve(attempt):
                return attempt, await resolve_attempt(self._desk, job, attempt, lease)
            case Poll(attempt):
                return attempt, await poll_attempt(self._desk, job, attempt, lease)
            case Cancel(attempt):
                return attempt, await cancel_attempt(self._desk, job, attempt, lease)
            case Follow(attempt):
                return attempt, await follow_orphan(self._desk, job, attempt, lease)
            case Conclude(change):
                return job.latest, change


def _number(step: Step) -> int | None:
    match step:
        case Submit(n) | Doubt(n):
            return n
        case Conclude():
            return None
        case Resolve(attempt) | Poll(attempt) | Cancel(attempt) | Follow(attempt):
            return attempt.n


def _note_health(desk: Desk, attempt: Attempt | None, change: Change) -> None:
    """How a job ended that its provider had taken; whose fault a refused input is, is no question."""
    if attempt is None or change.status not in {"succeeded", "failed"}:
        return
    at_fault = change.problem is not None and change.problem.kind == "provider"
    if at_fault or change.status == "succeeded":
        desk.health.note((attempt.provider, attempt.model), failed=at_fault)


def _follow_up(job: Job, attempt: Attempt | None, change: Change) -> Change:
    """Keep the row of a task that ends while a provider may still work for it."""
    if change.delay is not None or change.completion is None:
        return change
    others = [each for each in job.attempts if attempt is None or each.n != attempt.n]
    left = any(each.followed and each.job_id for each in others)
    itself = change.orphan == "suspected" and attempt is not None and attempt.job_id is not None
    return replace(change, delay=AGAIN_SECONDS) if left or itself else change

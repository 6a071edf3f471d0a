"""Give a task to a provider: choose where, mark the attempt, call once, understand the answer."""

import random
import time
from dataclasses import replace
from typing import Any

import structlog
from catalog.cost import frozen_cost
from contracts import codes
from providers import outcomes as o
from providers.http import HttpRequest
from providers.job import Credential
from runtime import failpoints
from runtime.backoff import delay

from dispatcher.db.marks import Mark, Marked
from dispatcher.domain.job import Attempt, Change, Completion, Job, Problem
from dispatcher.domain.providers import Target
from dispatcher.domain.verdicts import SHORTLY, after_submit, deferred
from dispatcher.outbound.inputs import InputError
from dispatcher.outbound.provider_client import NotSentError, UnansweredError
from dispatcher.usecases.choose_place import (
    SPREAD_SECONDS,
    Plan,
    choose_place,
    circuit_key,
    judge,
    wait,
)
from dispatcher.usecases.desk import Desk, Lease
from dispatcher.usecases.keep_outputs import keep_outputs
from dispatcher.usecases.prepare_submit import prepare_submit
from dispatcher.usecases.sign_in import signed_in

log = structlog.get_logger()

INPUT_TRIES = 4


async def submit_attempt(desk: Desk, job: Job, n: int, lease: Lease) -> tuple[Attempt | None, Change]:
    """The attempt that was sent (the latest one if none was) and what came of it."""
    without: set[tuple[str, str]] = set()
    while True:
        plan = await choose_place(desk, job, n, lease, without)
        if isinstance(plan, Change):
            return job.latest, plan
        sent = await _fetch_and_send(desk, job, n, plan, lease)
        if sent is not None:
            return sent
        desk.turns.fill(plan.target.key)
        without.add(plan.target.key)


async def _fetch_and_send(
    desk: Desk, job: Job, n: int, plan: Plan, lease: Lease
) -> tuple[Attempt | None, Change] | None:
    """None if there was no slot."""
    wanted = plan.protocol.inputs_to_fetch(plan.submission)
    if not wanted:
        return await _send(desk, job, n, plan, lease)
    async with desk.inputs.room:
        try:
            fetched = await desk.inputs.fetch(wanted)
        except InputError as error:
            return job.latest, _unreachable(error, lease)
        plan = replace(plan, submission=replace(plan.submission, fetched=fetched))
        return await _send(desk, job, n, plan, lease)


def _unreachable(error: InputError, lease: Lease) -> Change:
    if error.permanent or lease.tries >= INPUT_TRIES:
        return Change(None, completion=Completion("failed", codes.INPUT_UNREACHABLE, str(error)))
    return Change(delay(lease.tries, 1.0, 15.0), expected=False)


async def _send(
    desk: Desk, job: Job, n: int, plan: Plan, lease: Lease
) -> tuple[Attempt | None, Change] | None:
    """With the mark the number is taken: whatever happens, it is called at most once. None without a slot."""
    target, provider = plan.target, plan.target.provider
    credential = await signed_in(desk, provider, target.credential, plan.protocol, lease)
    if not isinstance(credential, Credential):
        return job.latest, wait(job, random.uniform(SHORTLY, SPREAD_SECONDS))  # elsewhere, or here later
    plan = replace(plan, target=(target := replace(target, credential=credential)))
    waits = await prepare_submit(desk, target, plan.protocol, plan.submission, plan.seconds, lease)
    if waits is not None:
        return job.latest, waits
    request = plan.protocol.submit(provider.base_url, target.credential, plan.submission)
    if not lease.allows(plan.seconds):
        return job.latest, Change(0.0)
    answer = await desk.store.mark(_mark(job, n, plan))
    if answer == "no_slot":
        return None
    if not isinstance(answer, Marked):
        return job.latest, Change(SHORTLY)
    await failpoints.reach("dispatcher.marked")
    attempt = _attempt(job, n, plan, answer.sends)
    change = await _call(desk, job, attempt, plan, request, lease)
    return attempt, change


async def _call(
    desk: Desk, job: Job, attempt: Attempt, plan: Plan, request: HttpRequest, lease: Lease
) -> Change:
    key, provider = circuit_key(plan.target), plan.target.provider
    began = time.monotonic()
    try:
        most = plan.protocol.capabilities.answer_bytes
        answer = await desk.client.send(provider.name, request, plan.seconds, most, lease.share)
    except NotSentError as error:
        desk.standing.answered(key, error)
        wait = desk.circuits.refused(key) + random.uniform(0.0, SPREAD_SECONDS)
        return deferred(wait, Problem("not_sent", str(error)))
    except UnansweredError as error:
        outcome: o.SubmitOutcome = o.Unknown(str(error))
    else:
        desk.standing.took(key, time.monotonic() - began)
        await failpoints.reach("dispatcher.accepted")
        outcome = plan.protocol.parse_submit(answer)
    again = judge(desk, plan.target, outcome)
    if isinstance(outcome, o.Succeeded):
        outcome = await keep_outputs(desk, job, attempt.n, outcome, lease)
    target = plan.target
    first = desk.next_poll(job, plan.protocol, target.route, provider, target.credential.id, 0, 0.0)
    return after_submit(
        job,
        attempt,
        outcome,
        first_poll=first,
        again=again,
        fails_over=plan.fails_over,
    )


def _mark(job: Job, n: int, plan: Plan) -> Mark:
    target = plan.target
    return Mark(
        job.task_id,
        n,
        target.provider.name,
        target.route.protocol,
        target.route.model,
        target.credential.id,
        plan.submission.correlation,
        target.provider.max_concurrent,
        job.account_id,
        _cost_rule(job, target),
    )


def _attempt(job: Job, n: int, plan: Plan, sends: int) -> Attempt:
    """The attempt as the mark wrote it."""
    target = plan.target
    return Attempt(
        n=n,
        status="submitting",
        provider=target.provider.name,
        protocol=target.route.protocol,
        model=target.route.model,
        credential_id=target.credential.id,
        correlation=plan.submission.correlation,
        sends=sends,
        submitting_at=job.now,
        cost_rule=_cost_rule(job, target),
    )


def _cost_rule(job: Job, target: Target) -> dict[str, Any] | None:
    """What the provider will charge for this input; nothing of a test key's costs anything."""
    return None if job.asset == "test" else frozen_cost(target.route.cost, job.input or {})

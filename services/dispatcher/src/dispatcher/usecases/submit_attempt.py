"""Give a task to a provider: choose where, mark the attempt, call once, understand the answer."""

import random
from dataclasses import dataclass, replace
from typing import Any

import structlog
from catalog.cost import frozen_cost
from contracts import codes
from providers import outcomes as o
from providers.adapter import Adapter, adapter
from providers.http import HttpRequest
from providers.job import Credential, Submission
from runtime.backoff import delay

from dispatcher.db.marks import Mark, Marked
from dispatcher.domain import naming
from dispatcher.domain.job import Attempt, Change, Completion, Job, Problem
from dispatcher.domain.providers import Target, submit_seconds, targets, untried
from dispatcher.domain.routing import ranked
from dispatcher.domain.verdicts import SHORTLY, after_submit, deferred
from dispatcher.outbound.circuit import Key
from dispatcher.outbound.inputs import InputError
from dispatcher.outbound.provider_client import NotSentError, UnansweredError
from dispatcher.usecases.desk import Desk, Later, Lease
from dispatcher.usecases.keep_outputs import keep_outputs
from dispatcher.usecases.prepare_submit import prepare_submit
from dispatcher.usecases.sign_in import SIGN_IN, Refused, signed_in

log = structlog.get_logger()

WAIT_FOR_ROUTE_SECONDS = 30.0
OPERATOR_PAUSE_SECONDS = 60.0
"""How long a credential rests that has no quota: an operator has to act."""
NO_ROOM_SECONDS = 1.0
INPUT_TRIES = 4
RESOLVE_SECONDS = 1.0
SPREAD_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Plan:
    """A call ready to be made."""

    target: Target
    protocol: Adapter
    submission: Submission
    seconds: float
    fails_over: bool


async def submit_attempt(desk: Desk, job: Job, n: int, lease: Lease) -> tuple[Attempt | None, Change]:
    """The attempt that was sent (the latest one if none was) and what came of it."""
    plan = await _plan(desk, job, n)
    if isinstance(plan, Change):
        return job.latest, plan
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


async def _plan(desk: Desk, job: Job, n: int) -> _Plan | Change:
    left = _possible(desk, job)
    if isinstance(left, Change):
        return left
    pauses = [_rests(desk, each) for each in left]
    target = next((each for each, pause in zip(left, pauses, strict=True) if pause == 0), None)
    if target is None:
        return _wait(job, min(pauses) + random.uniform(0.0, SPREAD_SECONDS))
    turn = await desk.pace.turn(*_key(target))
    if turn is not None:
        return _wait(job, turn)
    protocol = adapter(target.route.protocol)
    seconds = submit_seconds(target.route, target.provider, desk.timing, lookup=protocol.capabilities.lookup)
    others = any(each.place != target.place for each in left)
    return _Plan(target, protocol, _submission(desk, job, n, target, protocol), seconds, others)


def _possible(desk: Desk, job: Job) -> list[Target] | Change:
    """Where the task may still go, or what follows from there being no such place."""
    model = desk.catalog.get(job.model or "")
    possible = targets(model, desk.providers, job.asset, job.input) if model else []
    if not possible:
        log.warning("no_route", task_id=str(job.task_id), model=job.model, known=model is not None)
        return _wait(job, WAIT_FOR_ROUTE_SECONDS)
    left = untried(possible, job.attempts)
    if left:
        return ranked(left, job.task_id, lambda each: desk.health.unwell(each.place))
    message = job.latest.error_message if job.latest else None
    return Change(None, completion=Completion("failed", codes.PROVIDER_FAILED, message))


def _wait(job: Job, seconds: float) -> Change:
    return Change(min(seconds, max(job.seconds_to_deadline(), SHORTLY)))


def _submission(desk: Desk, job: Job, n: int, target: Target, protocol: Adapter) -> Submission:
    url = None
    if desk.callbacks is not None and protocol.capabilities.webhooks:
        url = naming.callback_url(
            desk.callbacks.url,
            desk.callbacks.secret,
            target.provider.name,
            job.account_id,
            job.task_id,
            n,
        )
    route = target.route
    given = route.translated(job.input or {})
    return Submission(
        route.model, given, naming.correlation(job.task_id, n), url, route.options, route.template
    )


def _unreachable(error: InputError, lease: Lease) -> Change:
    if error.permanent or lease.tries >= INPUT_TRIES:
        return Change(None, completion=Completion("failed", codes.INPUT_UNREACHABLE, str(error)))
    return Change(delay(lease.tries, 1.0, 15.0), expected=False)


async def _send(desk: Desk, job: Job, n: int, plan: _Plan, lease: Lease) -> tuple[Attempt | None, Change]:
    """From here on the number is taken: whatever happens, it is called at most once."""
    target, provider = plan.target, plan.target.provider
    credential = await signed_in(desk, provider, target.credential, plan.protocol, lease)
    if not isinstance(credential, Credential):
        return job.latest, _not_signed_in(job, credential)
    plan = replace(plan, target=(target := replace(target, credential=credential)))
    waits = await prepare_submit(desk, target, plan.protocol, plan.submission, plan.seconds, lease)
    if waits is not None:
        return job.latest, waits
    request = plan.protocol.submit(provider.base_url, target.credential, plan.submission)
    if not lease.allows(plan.seconds):
        return job.latest, Change(0.0)
    answer = await desk.store.mark(_mark(job, n, plan))
    if not isinstance(answer, Marked):
        if answer == "no_slot":
            desk.circuits.rest(_key(target), NO_ROOM_SECONDS)
        return job.latest, Change(SHORTLY)
    attempt = _attempt(job, n, plan, answer.sends)
    change = await _call(desk, job, attempt, plan, request, lease)
    return attempt, change


async def _call(
    desk: Desk, job: Job, attempt: Attempt, plan: _Plan, request: HttpRequest, lease: Lease
) -> Change:
    key, provider = _key(plan.target), plan.target.provider
    try:
        most = plan.protocol.capabilities.answer_bytes
        answer = await desk.client.send(provider.name, request, plan.seconds, most)
    except NotSentError as error:
        wait = desk.circuits.refused(key) + random.uniform(0.0, SPREAD_SECONDS)
        return deferred(wait, Problem("not_sent", str(error)))
    except UnansweredError as error:
        outcome: o.SubmitOutcome = o.Unknown(str(error))
    else:
        outcome = plan.protocol.parse_submit(answer)
    again = _judge(desk, plan.target, outcome)
    if isinstance(outcome, o.Succeeded):
        outcome = await keep_outputs(desk, job, attempt.n, outcome, lease)
    first = desk.next_poll(job, plan.protocol, plan.target.route, provider, 0, 0.0)
    return after_submit(
        job,
        attempt,
        outcome,
        first_poll=first,
        again=again,
        fails_over=plan.fails_over,
    )


def _judge(desk: Desk, target: Target, outcome: o.SubmitOutcome) -> float:
    """Tell circuit and keys what the answer says of them; the wait before the next step about this task."""
    key = _key(target)
    match outcome:
        case o.Throttled(retry_after):
            return desk.circuits.refused(key, retry_after) + random.uniform(0.0, SPREAD_SECONDS)
        case o.OutOfQuota():
            desk.circuits.refused(key, OPERATOR_PAUSE_SECONDS)
        case o.BadCredentials(message):
            desk.tokens.drop(target.provider.name, target.credential.id)
            desk.aside.refused(_use(target), message)
        case o.Unknown():
            desk.circuits.failed(key)
        case _:
            desk.circuits.succeeded(key)
            desk.aside.accepted(_use(target))
    return RESOLVE_SECONDS


def _rests(desk: Desk, target: Target) -> float:
    """Seconds until the place may be tried: its circuit is open, or its key isn't accepted."""
    sign_in = (target.provider.name, target.credential.id, SIGN_IN)
    aside = max(desk.aside.rests(_use(target)), desk.aside.rests(sign_in))
    return aside or desk.circuits.closed_for(_key(target))


def _not_signed_in(job: Job, refused: Refused) -> Change:
    wait = refused.delay if isinstance(refused, Later) else RESOLVE_SECONDS
    return _wait(job, wait + random.uniform(0.0, SPREAD_SECONDS))


def _key(target: Target) -> Key:
    return target.provider.name, target.credential.id, "submit"


def _use(target: Target) -> tuple[str, str, str]:
    return target.provider.name, target.credential.id, target.route.model


def _mark(job: Job, n: int, plan: _Plan) -> Mark:
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
        _cost_rule(job, target),
    )


def _attempt(job: Job, n: int, plan: _Plan, sends: int) -> Attempt:
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

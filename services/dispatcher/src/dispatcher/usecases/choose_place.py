"""Choose where a task goes next, wait for a turn there, and keep in mind what answers say of a place."""

import random
from collections.abc import Collection
from dataclasses import dataclass

import structlog
from contracts import codes
from providers import outcomes as o
from providers.adapter import Adapter, adapter
from providers.job import Submission

from dispatcher.domain import naming
from dispatcher.domain.job import Change, Completion, Job
from dispatcher.domain.providers import Target, submit_seconds, targets, untried
from dispatcher.domain.routing import ranked
from dispatcher.domain.verdicts import SHORTLY
from dispatcher.outbound.circuit import Key
from dispatcher.usecases.desk import Desk, Lease
from dispatcher.usecases.sign_in import SIGN_IN

log = structlog.get_logger()

WAIT_FOR_ROUTE_SECONDS = 30.0
OPERATOR_PAUSE_SECONDS = 60.0
"""How long a credential rests that has no quota: an operator has to act."""
QUEUE_SECONDS = 300.0
"""Until who waits for a slot looks for himself; he is called when it is his turn."""
RESOLVE_SECONDS = 1.0
SPREAD_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """A call ready to be made."""

    target: Target
    protocol: Adapter
    submission: Submission
    seconds: float
    fails_over: bool


async def choose_place(
    desk: Desk, job: Job, n: int, lease: Lease, without: Collection[tuple[str, str]]
) -> Plan | Change:
    """The best place that may be called now, none of those `without` a slot; or when to look again."""
    left = possible_places(desk, job)
    if isinstance(left, Change):
        return left
    crowded = [each for each in left if _crowded(desk, lease, each, without)]
    room = sorted((each for each in left if each not in crowded), key=lambda each: each.key != lease.turn)
    pauses = [_rests(desk, each) for each in room]
    rested = [each for each, pause in zip(room, pauses, strict=True) if pause == 0]
    target = next((each for each in rested if lease.share.enter(each.provider.name)), None)
    if target is None:
        seconds = min(pauses, default=QUEUE_SECONDS) + random.uniform(0.0, SPREAD_SECONDS)
        return wait(job, seconds, queues=tuple(dict.fromkeys(each.key for each in crowded)))
    turn = await desk.pace.turn(target.provider, target.credential.id, "submit", job.account_id)
    if turn is not None:
        return wait(job, turn)
    protocol = adapter(target.route.protocol)
    seconds = submit_seconds(target.route, target.provider, desk.timing, lookup=protocol.capabilities.lookup)
    others = any(each.place != target.place for each in left)
    return Plan(target, protocol, _submission(desk, job, n, target, protocol), seconds, others)


def wait(job: Job, seconds: float, queues: tuple[tuple[str, str], ...] = ()) -> Change:
    """Look again after that time, at the deadline at the latest."""
    return Change(min(seconds, max(job.seconds_to_deadline(), SHORTLY)), queues=queues)


def judge(desk: Desk, target: Target, outcome: o.SubmitOutcome | o.PrepareOutcome) -> float:
    """Keep in mind what an answer says of circuit and key; the wait before the next step about this task."""
    key = circuit_key(target)
    desk.standing.answered(key, outcome)
    match outcome:
        case o.Throttled(retry_after):
            return desk.circuits.refused(key, retry_after) + random.uniform(0.0, SPREAD_SECONDS)
        case o.OutOfQuota():
            desk.circuits.refused(key, OPERATOR_PAUSE_SECONDS)
        case o.BadCredentials(message):
            desk.tokens.drop(target.provider.name, target.credential.id)
            desk.aside.refused(_use(target), message.replace(target.credential.secret, "…"))
        case o.Unknown():
            desk.circuits.failed(key)
        case _:
            desk.circuits.succeeded(key)
            desk.aside.accepted(_use(target))
    return RESOLVE_SECONDS


def circuit_key(target: Target) -> Key:
    """The circuit of submits there."""
    return target.provider.name, target.credential.id, "submit"


def possible_places(desk: Desk, job: Job) -> list[Target] | Change:
    """Where the task may still go, or what follows from there being no such place."""
    model = desk.catalog.get(job.model or "")
    possible = targets(model, desk.providers, job.asset, job.input) if model else []
    if not possible:
        log.warning("no_route", task_id=str(job.task_id), model=job.model, known=model is not None)
        return wait(job, WAIT_FOR_ROUTE_SECONDS)
    left = untried(possible, job.attempts)
    if left:
        return ranked(left, job.task_id, lambda each: desk.health.unwell(each.place))
    message = job.latest.error_message if job.latest else None
    return Change(None, completion=Completion("failed", codes.PROVIDER_FAILED, message))


def _crowded(desk: Desk, lease: Lease, target: Target, without: Collection[tuple[str, str]]) -> bool:
    """Whether there is no slot: just refused, or others wait for one and it isn't this task's turn."""
    return target.key in without or (target.key != lease.turn and desk.turns.crowded(target.key))


def _rests(desk: Desk, target: Target) -> float:
    """Seconds until the place may be tried: its circuit is open, or its key isn't accepted."""
    sign_in = (target.provider.name, target.credential.id, SIGN_IN)
    aside = max(desk.aside.rests(_use(target)), desk.aside.rests(sign_in), desk.circuits.rests(sign_in))
    return aside or desk.circuits.closed_for(circuit_key(target))


def _use(target: Target) -> tuple[str, str, str]:
    return target.provider.name, target.credential.id, target.route.model


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

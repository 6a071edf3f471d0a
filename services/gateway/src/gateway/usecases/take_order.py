"""Take an order: what every surface calls to have something generated.

Checks in this order: replay, model, input, tier, scope, room, rate, credits. The caller has been
authenticated before.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from catalog.tiers import Tier
from contracts.ids import uuid7
from runtime import failpoints
from runtime.db import Database
from runtime.group_commit import GroupCommit

from gateway import metrics
from gateway.db.keys import Caller
from gateway.domain import scopes
from gateway.domain.admission import (
    Accepted,
    CapReached,
    Decision,
    KeyReused,
    Order,
    Receipt,
    Refused,
    Replayed,
    Submission,
    TooManyLive,
)
from gateway.domain.amounts import credits_text
from gateway.domain.problem import Detail, Problem
from gateway.domain.wishes import Wish
from gateway.usecases.check_request import CheckRequest
from gateway.usecases.have_room import HaveRoom
from gateway.usecases.limit_requests import LimitRequests, Quota
from gateway.usecases.submit_tasks import find_replay
from gateway.usecases.use_uploads import UseUploads


@dataclass(frozen=True, slots=True)
class Sent:
    """The request around an order: who sent it, through which surface, `size` bytes large.

    `fingerprint` is that of the canonical parsed body before defaults; `faults` is what the surface itself
    found wrong with the body.
    """

    caller: Caller
    surface: str
    request_id: str
    traceparent: str
    size: int
    fingerprint: str
    idempotency_key: str | None = None
    faults: Sequence[Detail] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """What an accepted order is answered with, now or before."""

    receipt: Receipt
    replayed: bool
    quota: Quota | None
    """What is left of the account's or the key's submits; None where it wasn't counted."""


Answer = Callable[[Sequence[Submission]], bytes]
"""Writes the body of the answer to an order before it is accepted; the same bytes answer every replay.

Empty where the surface writes its answers from the tasks themselves.
"""


class TakeOrder:
    """Joins the checks, the idempotency key and the group commit."""

    def __init__(
        self,
        db: Database,
        check: CheckRequest,
        commit: GroupCommit[Order, Decision],
        limit: LimitRequests,
        tiers: Mapping[str, Tier],
        deadline_seconds: int,
        use: UseUploads,
        room: HaveRoom,
    ) -> None:
        self._db, self._check, self._commit, self._limit = db, check, commit, limit
        self._use, self._room = use, room
        self._tiers, self._seconds = tiers, deadline_seconds

    async def __call__(self, sent: Sent, wished: Sequence[Wish], answer: Answer) -> Taken:
        """Accept all that is wished, or nothing.

        Raises Problem: what the checks find, 409 `idempotency_key_reused` or `task_deleted`,
        402 `insufficient_credits` or `spend_cap_reached`, 403 `insufficient_scope`, 429 `rate_limit_exceeded`
        or `too_many_tasks`, 503 `overloaded`.
        """
        try:
            taken = await self._take(sent, wished, answer)
        except Problem as problem:
            metrics.SUBMITS.labels(sent.surface, problem.code).inc()
            raise
        metrics.SUBMITS.labels(sent.surface, "replayed" if taken.replayed else "accepted").inc()
        return taken

    async def _take(self, sent: Sent, wished: Sequence[Wish], answer: Answer) -> Taken:
        try:
            submissions = tuple([await self._submission(sent, wish) for wish in wished])
            scopes.require(sent.caller.scopes, "write")
            await self._room()
            quota = await self._limit(sent.caller, "submits")
            if self._use.moves(submissions):
                submissions = await self._moved(sent, submissions)
        except Problem:
            # A replay comes before the checks: the model or the tier may have changed since.
            quota, decision = None, await self._earlier(sent)
            if decision is None:
                raise
        else:
            decision = await self._commit.submit(self._order(sent.caller, submissions, answer(submissions)))
            await failpoints.reach("gateway.committed")
        return _taken(decision, quota)

    def _order(self, caller: Caller, submissions: tuple[Submission, ...], answer: bytes) -> Order:
        limit = caller.max_live_tasks or self._tiers[caller.tier].max_live_tasks
        return Order(submissions, answer, max_live=limit, capped=caller.capped)

    async def _moved(self, sent: Sent, submissions: tuple[Submission, ...]) -> tuple[Submission, ...]:
        """Nothing is stored for a replay."""
        if await self._earlier(sent) is not None:
            return submissions
        return tuple(await self._use.moved(sent.caller, submissions))

    async def _submission(self, sent: Sent, wish: Wish) -> Submission:
        caller = sent.caller
        wish, faults = await self._use.named(caller, wish)
        checked = self._check(wish, caller.asset, caller.tier, sent.size, [*sent.faults, *faults])
        return Submission(
            task_id=uuid7(),
            account_id=caller.account_id,
            asset=caller.asset,
            key_id=caller.key_id,
            model=checked.model,
            input=checked.input,
            derive=checked.derive,
            quote_micro=checked.quote.micro,
            price_rule=checked.quote.rule,
            surface=sent.surface,
            request_id=sent.request_id,
            fingerprint=sent.fingerprint,
            idempotency_key=sent.idempotency_key,
            traceparent=sent.traceparent,
            deadline_seconds=self._seconds if wish.deadline_seconds is None else wish.deadline_seconds,
            metadata=wish.metadata,
            webhook_url=wish.webhook_url,
        )

    async def _earlier(self, sent: Sent) -> Decision | None:
        if sent.idempotency_key is None:
            return None
        scope = sent.caller.account_id, sent.surface, sent.idempotency_key
        return await find_replay(self._db, scope, sent.fingerprint, sent.caller.asset)


def _taken(decision: Decision, quota: Quota | None) -> Taken:
    match decision:
        case Accepted(receipt):
            return Taken(receipt, replayed=False, quota=quota)
        case Replayed(receipt):
            if receipt.answer is None:
                raise _deleted()
            return Taken(receipt, replayed=True, quota=quota)
        case KeyReused():
            raise _key_reused()
        case Refused(required, available):
            raise _insufficient(required, available)
        case CapReached(required, left):
            raise _cap_reached(required, left)
        case TooManyLive(limit):
            raise _too_many(limit)


def _key_reused() -> Problem:
    message = "This Idempotency-Key was used with another payload. Use a new key for a new request."
    headers = {"x-should-retry": "false"}
    return Problem(409, "idempotency_key_reused", message, param="Idempotency-Key", headers=headers)


def _deleted() -> Problem:
    message = "The task of this Idempotency-Key was deleted. Use a new key for a new request."
    headers = {"x-should-retry": "false"}
    return Problem(409, "task_deleted", message, param="Idempotency-Key", headers=headers)


def _insufficient(required: int, available: int) -> Problem:
    message = (
        f"This costs {credits_text(required)} credits and {credits_text(available)} are available. "
        "Add credits and send it again."
    )
    return _unpaid("insufficient_credits", message, {"required": required, "balance": available})


def _cap_reached(required: int, left: int) -> Problem:
    message = (
        f"This costs {credits_text(required)} credits and this key may spend {credits_text(left)} more. "
        "Raise its spend cap or use another key."
    )
    return _unpaid("spend_cap_reached", message, {"required": required, "balance": left})


def _unpaid(code: str, message: str, amounts_micro: Mapping[str, int]) -> Problem:
    return Problem(402, code, message, headers={"x-should-retry": "false"}, amounts_micro=amounts_micro)


def _too_many(limit: int) -> Problem:
    message = f"This account may have {limit} unfinished tasks at once. Wait for one to end, or cancel one."
    return Problem(429, "too_many_tasks", message, headers={"Retry-After": "5"})

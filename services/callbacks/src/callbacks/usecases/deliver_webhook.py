"""A claimed delivery: one attempt, then write down how it went and what follows."""

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

import orjson
import structlog
from contracts.ids import task_text
from runtime import failpoints, tracing
from runtime.backoff import delay
from runtime.db import Database, Tx
from runtime.outbox.recorder import Outbox
from runtime.work import table as work
from runtime.work.table import Claim

from callbacks import metrics
from callbacks.db import deliveries, endpoints
from callbacks.domain import signing
from callbacks.domain.delivery import (
    Again,
    Answer,
    Arrived,
    GivenUp,
    Schedule,
    Verdict,
    decide,
    disables,
)
from callbacks.domain.errand import Errand
from callbacks.domain.news import event_text, payload
from callbacks.outbound.events import webhook_delivered
from callbacks.usecases.disable_endpoint import disable_endpoint
from callbacks.usecases.lanes import Lanes

log = structlog.get_logger()

BUSY_FIRST, BUSY_MOST, FAILING_MOST = 0.6, 1.2, 30.0
"""Seconds until who found the receiver busy with others asks again; longer and longer if it fails anyway."""

Post = Callable[[str, Mapping[str, str], bytes], Awaitable[Answer]]


class DeliverWebhook:
    """The worker's handler. At least once: a row comes back when its worker dies before it wrote."""

    def __init__(
        self,
        db: Database,
        outbox: Outbox,
        post: Post,
        *,
        lanes: Lanes,
        schedule: Schedule,
        signing_key: bytes,
    ) -> None:
        self._db, self._outbox, self._post = db, outbox, post
        self._lanes, self._schedule, self._signing_key = lanes, schedule, signing_key

    async def __call__(self, claim: Claim) -> None:
        """Make the attempt, unless there is nothing to send any more or its receiver is busy with others."""
        errand = await deliveries.load(self._db.pool, claim.id)
        if errand is None or not errand.pending:
            await self._drop(claim)
            return
        if reason := errand.pointless:
            await self._give_up(claim, errand, reason)
            return
        with self._lanes.turn(errand.lane) as free:
            if not free:
                await self._later(claim, errand)
                return
            with tracing.work(
                "deliver",
                errand.traceparent,
                task_id=errand.task_id,
                account_id=errand.account_id,
                attempt=errand.attempts + 1,
            ) as traceparent:
                await self._attempt(claim, replace(errand, traceparent=traceparent))

    async def _attempt(self, claim: Claim, errand: Errand) -> None:
        assert errand.url is not None, "it isn't pointless"
        body = orjson.dumps(payload(errand.type, errand.at, errand.data))
        keys = errand.secrets.keys(self._signing_key)
        signed = signing.headers(event_text(errand.message_id), int(errand.now.timestamp()), body, keys)
        answer = await self._post(errand.url, {**signed, "content-type": "application/json"}, body)
        await failpoints.reach("callbacks.delivered")
        age = errand.age + answer.latency_ms / 1000
        verdict = decide(answer, errand.round_attempts + 1, age, self._schedule, random.random())
        metrics.LATENCY.observe(answer.latency_ms / 1000)
        metrics.ATTEMPTS.labels(type(verdict).__name__.lower()).inc()
        _tell(errand, answer, verdict)
        async with self._db.transaction() as tx:
            await self._record(tx, claim, errand, answer, verdict)

    async def _record(self, tx: Tx, claim: Claim, errand: Errand, answer: Answer, verdict: Verdict) -> None:
        wait = verdict.delay if isinstance(verdict, Again) else None
        if wait is None:
            ours = await work.complete(tx, [claim])
        else:
            ours = await work.reschedule(tx, [(claim, wait)], forget_tries=True)
        await deliveries.attempted(tx, errand.id, answer, wait)
        if not ours:  # another worker has taken it up meanwhile: what follows is its to say
            return
        if errand.endpoint_id is not None:
            await self._judge_endpoint(tx, errand, answer)
        if isinstance(verdict, Arrived):
            await self._end(tx, errand, None)
        elif isinstance(verdict, GivenUp):
            await self._end(tx, errand, verdict.reason)

    async def _judge_endpoint(self, tx: Tx, errand: Errand, answer: Answer) -> None:
        assert errand.endpoint_id is not None, "asked for endpoints only"
        if answer.delivered:
            await endpoints.works(tx, errand.endpoint_id)
            return
        await endpoints.fails(tx, errand.endpoint_id)
        if reason := disables(answer, errand.failing, self._schedule):
            await disable_endpoint(tx, errand.account_id, errand.endpoint_id, reason, answer)

    async def _end(self, tx: Tx, errand: Errand, reason: str | None) -> None:
        outcome: deliveries.State = deliveries.DELIVERED if reason is None else deliveries.GIVEN_UP
        ended = await deliveries.end(tx, errand.id, outcome, reason)
        if ended is not None:
            await self._outbox.record(tx, [webhook_delivered(errand, outcome, ended)])
            tx.after_commit("ended", lambda: metrics.ENDED.labels(outcome, reason or "").inc())

    async def _give_up(self, claim: Claim, errand: Errand, reason: str) -> None:
        async with self._db.transaction() as tx:
            if await work.complete(tx, [claim]):
                await self._end(tx, errand, reason)

    async def _drop(self, claim: Claim) -> None:
        async with self._db.transaction() as tx:
            await work.complete(tx, [claim])

    async def _later(self, claim: Claim, errand: Errand) -> None:
        """Thousands that wait for one that hangs must not keep everybody busy with asking."""
        wait = delay(claim.tries, BUSY_FIRST, FAILING_MOST if errand.failing else BUSY_MOST)
        async with self._db.transaction(durable=False) as tx:
            await work.reschedule(tx, [(claim, wait)])


def _tell(errand: Errand, answer: Answer, verdict: Verdict) -> None:
    say = log.info if answer.delivered else log.warning
    say(
        "webhook_attempted",
        account_id=str(errand.account_id),
        task_id=None if errand.task_id is None else task_text(errand.task_id),
        delivery_id=str(errand.id),
        attempt=errand.attempts + 1,
        status=answer.status,
        error=answer.error,
        latency_ms=answer.latency_ms,
        outcome=type(verdict).__name__.lower(),
    )

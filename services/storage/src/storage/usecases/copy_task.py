"""A claimed task: copy all its outputs, then write down that they are stored, or what went wrong."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

import structlog
from contracts.ids import task_text
from runtime import backoff, failpoints, tracing
from runtime.db import Database
from runtime.group_commit import GroupCommit
from runtime.work import table as work
from runtime.work.table import Claim

from storage import metrics
from storage.db import tasks
from storage.domain import inbox
from storage.domain.copy import Expected, Fault, GiveUp, Retry, after_failure, file_name, give_up_at
from storage.domain.links import new_token
from storage.domain.plan import Planned, plan
from storage.domain.task import Stored, StoredCopy, Task
from storage.outbound.providers import ProviderFaultError, Providers
from storage.usecases.copy_result import Copied, CopyError, CopyOrder, copy_result
from storage.usecases.keep_leases import KeepLeases, LeaseLostError
from storage.usecases.record_results import Again, Record, RecordResults
from storage.usecases.workshop import Workshop

log = structlog.get_logger()

_LINGER = 0.0  # seconds; longer by itself when there is much to write
RETRY_FIRST, RETRY_MOST = 2.0, 300.0
STORAGE_FAILED = "storage_failed"


class CopyTask:
    """Handles one claim. Reads and writes are shared by whoever comes at the same moment."""

    def __init__(
        self,
        db: Database,
        record: RecordResults,
        workshop: Workshop,
        providers: Providers,
        leases: KeepLeases,
    ) -> None:
        self._db, self._workshop, self._providers, self._leases = db, workshop, providers, leases
        self._loads: GroupCommit[UUID, Task | None] = GroupCommit(
            self._load, max_batch=256, linger_seconds=_LINGER
        )
        self._records: GroupCommit[Record, bool] = GroupCommit(record, max_batch=256, linger_seconds=_LINGER)

    async def __call__(self, claim: Claim) -> None:
        """Copy what the claimed row stands for. When it raises, the worker puts the row back."""
        try:
            async with self._leases.hold(claim):
                task = await self._loads.submit(claim.id)
                if task is None or task.ended:
                    await self._drop(claim)
                    return
                fact = task.fact
                with tracing.work(
                    "copy",
                    fact.traceparent,
                    task_id=task.task_id,
                    account_id=fact.account_id,
                    attempt=fact.attempt,
                ) as traceparent:
                    await self._handle(claim, replace(task, fact=replace(fact, traceparent=traceparent)))
        except LeaseLostError:
            log.warning("lease_lost", task_id=str(claim.id), tries=claim.tries)

    async def _handle(self, claim: Claim, task: Task) -> None:
        copied: list[Copied] = []
        began = time.monotonic()
        result = await self._try(claim, task, copied)
        await failpoints.reach("storage.uploaded")
        ended = await self._records.submit(Record(claim, task, result))
        if not (ended and isinstance(result, Stored)):
            await self._discard(each.key for each in copied)
        if ended:
            await self._discard(inbox_keys(task, self._workshop.tools.store.bucket))
        self._tell(task, result)
        if ended or isinstance(result, Again):
            _count(result, time.monotonic() - began)

    async def _try(self, claim: Claim, task: Task, copied: list[Copied]) -> Stored | GiveUp | Again:
        planned = plan(task.fact.outputs, task.fact.derive)
        if isinstance(planned, GiveUp):
            return planned
        try:
            for each in planned:
                copied += await self._copy(claim, task, each)
        except (CopyError, ProviderFaultError) as error:
            return _after(claim, task, error.fault)
        return Stored(tuple(_stored(task, each) for each in copied))

    async def _copy(self, claim: Claim, task: Task, planned: Planned) -> list[Copied]:
        """Copy one output; the provider is asked for a fresh address when the one we have is too old."""
        order = CopyOrder(
            task=task_text(task.task_id),
            attempt=task.fact.attempt,
            index=planned.index,
            claim=claim.tries,
            source=self._providers.source(task.fact, planned.url),
            expected=Expected(planned.kind, planned.role),
            watermark=planned.watermark,
            derived=planned.derived,
        )
        try:
            return await copy_result(self._workshop.tools, order)
        except CopyError as error:
            if error.fault.code != "expired":
                raise
        url = await self._fresh_url(task, planned)
        return await copy_result(
            self._workshop.tools, replace(order, source=self._providers.source(task.fact, url))
        )

    async def _fresh_url(self, task: Task, planned: Planned) -> str:
        with self._workshop.tools.clients.lend() as client:
            urls = await self._providers.fresh_urls(client, task.fact)
        place = sorted(output.index for output in task.fact.outputs).index(planned.index)
        if place >= len(urls):
            message = f"the provider now has {len(urls)} results, and the one that has expired is not there"
            raise CopyError(Fault("expired", message, permanent=True))
        log.info("address_refreshed", task_id=str(task.task_id), index=planned.index)
        return urls[place]

    async def _discard(self, keys: Iterable[str]) -> None:
        """Remove objects that nobody needs; what can't be removed now is left to the orphan sweep."""
        for key in keys:
            await self._workshop.tools.store.discard(key)

    async def _drop(self, claim: Claim) -> None:
        async with self._db.transaction() as tx:
            await work.complete(tx, [claim])

    async def _load(self, ids: Sequence[UUID]) -> list[Task | Exception | None]:
        found = await tasks.load(self._db.pool, ids)
        return [found.get(each) for each in ids]

    def _tell(self, task: Task, result: Stored | GiveUp | Again) -> None:
        name = {"task_id": str(task.task_id), "account_id": str(task.fact.account_id)}
        if isinstance(result, Stored):
            log.info(
                "stored", **name, files=len(result.copies), bytes=sum(c.size_bytes for c in result.copies)
            )
        elif isinstance(result, GiveUp):
            log.warning("not_stored", **name, code=result.code, message=result.message)
        else:
            fault = result.fault
            log.warning("copy_failed", **name, code=fault.code, message=fault.message, delay=result.delay)


def _count(result: Stored | GiveUp | Again, seconds: float) -> None:
    outcome, fault = "stored", ""
    if isinstance(result, Stored):
        for copy in result.copies:
            metrics.FILES.labels(copy.kind).inc()
            metrics.STORED.labels(copy.kind).inc(copy.size_bytes)
    else:
        outcome = "again" if isinstance(result, Again) else "given_up"
        fault = result.fault.code if isinstance(result, Again) else result.code
    metrics.TRIES.labels(outcome, fault).inc()
    metrics.TRY_SECONDS.labels(outcome).observe(seconds)


def inbox_keys(task: Task, bucket: str) -> list[str]:
    """Where the results lie that came as bytes; with the task's end they are copied, or never will be."""
    references = (output.url for output in task.fact.outputs if inbox.is_reference(output.url))
    return [key for each in references if (key := inbox.key_of(each, bucket)) is not None]


def _after(claim: Claim, task: Task, fault: Fault) -> GiveUp | Again:
    """Decide what follows a failed try; the customer is told one code, whatever it was."""
    verdict = after_failure(fault, task.faults(fault.code), task.now, give_up_at(task.fact.deadline))
    if isinstance(verdict, Retry):
        return Again(fault, backoff.delay(claim.tries, RETRY_FIRST, RETRY_MOST))
    return GiveUp(STORAGE_FAILED, f"{verdict.message} ({verdict.code})")


def _stored(task: Task, copied: Copied) -> StoredCopy:
    probe = copied.probe
    return StoredCopy(
        index=copied.index,
        kind=probe.kind,
        role=copied.role,
        object_key=copied.key,
        link_token=new_token(),
        file_name=file_name(task_text(task.task_id), copied.index, copied.role, probe.extension),
        content_type=probe.content_type,
        size_bytes=copied.size_bytes,
        sha256=copied.sha256,
        width=probe.width,
        height=probe.height,
        duration_ms=probe.duration_ms,
        has_audio=probe.has_audio,
    )

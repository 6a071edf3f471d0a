"""Results that came as bytes in an answer go into object storage: events carry references."""

import asyncio
from dataclasses import replace

import structlog
from providers import outcomes as o
from runtime.objects.errors import ObjectStoreError

from dispatcher.domain.job import Job
from dispatcher.usecases.desk import Desk, Lease

log = structlog.get_logger()

_BYTES = "application/octet-stream"


async def keep_outputs(
    desk: Desk, job: Job, n: int, outcome: o.Succeeded, lease: Lease
) -> o.Succeeded | o.Unknown:
    """The outputs by reference; Unknown if they can't be kept within the lease."""
    if all(each.content is None for each in outcome.outputs):
        return outcome
    try:
        async with asyncio.timeout(lease.seconds_left()):
            kept = [await _kept(desk, job, n, index, each) for index, each in enumerate(outcome.outputs)]
    except (ObjectStoreError, TimeoutError) as error:
        log.error("output_not_kept", task_id=str(job.task_id), attempt=n, error=repr(error)[:300])
        return o.Unknown(f"the result came, but could not be kept: {type(error).__name__}")
    return replace(outcome, outputs=tuple(kept))


async def _kept(desk: Desk, job: Job, n: int, index: int, output: o.Output) -> o.Output:
    if output.content is None:
        return output
    place = (str(job.task_id), n, index)
    url = await desk.inbox.keep(place, output.content_type or _BYTES, output.content)
    return replace(output, url=url, content=None)

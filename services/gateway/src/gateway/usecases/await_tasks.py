"""Wait for tasks: for surfaces whose answer is the result itself."""

import asyncio
import time
from collections.abc import Sequence
from uuid import UUID

from gateway.domain.problem import overloaded
from gateway.domain.projection import FINAL
from gateway.usecases.follow_tasks import FollowTasks


class AwaitTasks:
    """Waits on the events of tasks; each wait counts as a stream."""

    def __init__(self, follow: FollowTasks, max_streams: int) -> None:
        self._follow, self._max = follow, max_streams

    async def __call__(self, task_ids: Sequence[UUID], seconds: float) -> bool:
        """Whether all were final within that time; False too when this process is about to stop.

        Raises Problem 503 when too many wait already.
        """
        if self._follow.streams + len(task_ids) > self._max:
            raise overloaded()
        end = time.monotonic() + seconds
        return all(await asyncio.gather(*(self._one(task_id, end) for task_id in task_ids)))

    async def _one(self, task_id: UUID, end: float) -> bool:
        with self._follow.subscribe(task_id, 0) as subscription:
            while (left := end - time.monotonic()) > 0:
                events = await subscription.next(left)
                if events is None:
                    return False
                if any(event.type in FINAL for event in events):
                    return True
        return False

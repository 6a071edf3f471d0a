"""Tell accounts by webhook what they wait for: tasks that have become final, credits that have become few."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import orjson
from contracts.ids import uuid7
from runtime.db import Tx
from runtime.outbox.recorder import Message, Outbox

from gateway.db import balances, tasks
from gateway.outbound import events
from gateway.usecases.count_ends import count_ends


@dataclass(frozen=True, slots=True)
class Documents:
    """How the public documents are written, as JSON."""

    task: Callable[[Mapping[str, Any]], bytes]
    credits_low: Callable[[int, int], bytes]
    """From what is available and the threshold, in micro-credits."""


class TellOwners:
    """Says `task.finished` and `account.notice` in the transaction that makes them true."""

    def __init__(self, outbox: Outbox, documents: Documents) -> None:
        self._outbox, self._documents = outbox, documents

    async def __call__(self, tx: Tx, finished: Collection[UUID], accounts: Collection[UUID]) -> None:
        """`finished` are tasks that have just become final, `accounts` those whose balance has moved."""
        ended = await tasks.views(tx, finished)
        messages = [self._finished(row) for row in ended]
        messages += [self._low(row) for row in await balances.newly_low(tx, accounts)]
        await self._outbox.record(tx, messages)
        tx.after_commit("ends", lambda: count_ends(ended))

    def _finished(self, row: Mapping[str, Any]) -> Message:
        return events.task_finished(
            events.Finished(
                event_id=uuid5(row["id"], "finished"),  # the same also after a restore
                task_id=row["id"],
                account_id=row["account_id"],
                asset=row["asset"],
                status=row["status"],
                document=orjson.loads(self._documents.task(row)),
                webhook_url=row["webhook_url"],
                finished_at=row["finished_at"],
                traceparent=row["traceparent"],
            )
        )

    def _low(self, low: balances.Low) -> Message:
        data = orjson.loads(self._documents.credits_low(low.available_micro, low.threshold_micro))
        return events.credits_low(uuid7(), low.account_id, data, low.at)

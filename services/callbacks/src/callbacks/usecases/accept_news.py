"""Take in what customers are to be told and what is to be forgotten, in the consumer's transaction."""

from collections.abc import Callable, Sequence

from runtime.db import Tx

from callbacks.db import deleted_tasks
from callbacks.domain.news import Deleted, Message
from callbacks.usecases.deliver_messages import deliver_messages


class AcceptNews:
    """The use case of the service's consumer; `wake` tells the worker after the commit."""

    def __init__(self, wake: Callable[[], None] | None = None) -> None:
        self._wake = wake

    async def __call__(self, tx: Tx, facts: Sequence[Message | Deleted]) -> None:
        """Scrub what was deleted, then write down the deliveries that follow from the rest."""
        if deleted := [fact.task_id for fact in facts if isinstance(fact, Deleted)]:
            await deleted_tasks.scrub(tx, deleted)
        messages = [fact for fact in facts if isinstance(fact, Message)]
        gone = await deleted_tasks.among(tx, [m.task_id for m in messages if m.task_id is not None])
        begun = await deliver_messages(tx, [m for m in messages if m.task_id not in gone])
        if begun and self._wake is not None:
            tx.after_commit("deliver", self._wake)

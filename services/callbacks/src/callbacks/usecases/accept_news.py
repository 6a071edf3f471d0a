"""Take in what customers are to be told: a batch of facts in the consumer's transaction."""

from collections.abc import Callable, Sequence

from runtime.db import Tx

from callbacks.domain.news import Message
from callbacks.usecases.deliver_messages import deliver_messages


class AcceptNews:
    """The use case of the service's consumer; `wake` tells the worker after the commit."""

    def __init__(self, wake: Callable[[], None] | None = None) -> None:
        self._wake = wake

    async def __call__(self, tx: Tx, facts: Sequence[Message]) -> None:
        """Write down the deliveries that follow."""
        begun = await deliver_messages(tx, facts)
        if begun and self._wake is not None:
            tx.after_commit("deliver", self._wake)

"""After a restore: deliveries that had ended are not begun again."""

from collections.abc import Sequence

from runtime.db import Tx
from runtime.work import table as work

from callbacks.db import deliveries
from callbacks.domain.delivery import Told
from callbacks.usecases.deliver_messages import WORK


async def restore_deliveries(tx: Tx, facts: Sequence[Told]) -> None:
    """The last round of each counts. Endpoints and what else customers had set are as old as the backup."""
    last = {fact.delivery_id: fact for fact in sorted(facts, key=lambda fact: fact.ended.round)}
    await deliveries.restore(tx, last.values())
    await work.drop(tx, WORK, list(last))

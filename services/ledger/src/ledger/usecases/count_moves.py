"""Count what a batch moved and said, after its commit."""

from ledger import metrics
from ledger.domain.batch import Batch, Closed, Frozen


def count_moves(batch: Batch) -> None:
    """Every transfer, and every answer to a task."""
    for transfer in batch.transfers:
        moved = metrics.MOVED.labels(transfer.after.asset, transfer.kind)
        moved.inc(transfer.amount_micro / metrics.MICRO_PER_CREDIT)
    for said in batch.said:
        if isinstance(said, Frozen):
            metrics.ANSWERS.labels("frozen", "").inc()
        elif isinstance(said, Closed) and said.task.outcome is not None:
            metrics.ANSWERS.labels(said.task.outcome.outcome, said.task.outcome.reason).inc()

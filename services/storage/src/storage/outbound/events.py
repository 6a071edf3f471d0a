"""What storage says: one function per event."""

from datetime import datetime

from contracts.events import AssetStored, StoredAsset
from runtime.outbox.recorder import Message

from storage.domain.copy import GiveUp
from storage.domain.task import Stored, StoredCopy, Task


def asset_stored(task: Task, result: Stored | GiveUp, bucket: str, at: datetime) -> Message:
    """`asset.stored`: exactly one per task, with all files or with the reason why there will be none."""
    failed = result if isinstance(result, GiveUp) else None
    event = AssetStored(
        task_id=task.task_id,
        account_id=task.fact.account_id,
        attempt=task.fact.attempt,
        outcome="failed" if failed else "stored",
        assets=[_asset(copy, bucket) for copy in result.copies] if isinstance(result, Stored) else [],
        error_code=failed.code if failed else None,
        error_message=failed.message if failed else None,
        stored_at=at,
    )
    return Message(
        event,
        key=str(task.fact.account_id),
        subject=str(task.task_id),
        fact="stored",
        traceparent=task.fact.traceparent,
    )


def _asset(copy: StoredCopy, bucket: str) -> StoredAsset:
    return StoredAsset(
        index=copy.index,
        kind=copy.kind,
        role=copy.role,
        bucket=bucket,
        object_key=copy.object_key,
        link_token=copy.link_token,
        file_name=copy.file_name,
        content_type=copy.content_type,
        size_bytes=copy.size_bytes,
        sha256=copy.sha256,
        width=copy.width,
        height=copy.height,
        duration_ms=copy.duration_ms,
        has_audio=copy.has_audio,
    )

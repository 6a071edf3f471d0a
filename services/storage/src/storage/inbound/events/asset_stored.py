"""`asset.stored`, storage's own word, read back after its database was restored."""

from contracts.envelope import Envelope
from contracts.events import AssetStored, StoredAsset

from storage.domain.copy import GiveUp
from storage.domain.task import Said, Stored, StoredCopy, Succeeded


def translate(event: AssetStored, envelope: Envelope) -> Said:
    """How a task ended. What was to be copied is not in it: it is copied, or never will be."""
    task = Succeeded(
        task_id=event.task_id,
        account_id=event.account_id,
        attempt=event.attempt,
        outputs=(),
        derive=(),
        provider=None,
        protocol=None,
        provider_job_id=None,
        credential_id=None,
        deadline=event.stored_at,
        traceparent=envelope.traceparent,
    )
    if event.outcome == "stored":
        return Said(task, Stored(tuple(_copy(asset) for asset in event.assets)))
    return Said(task, GiveUp(event.error_code or "storage_failed", event.error_message or ""))


def _copy(asset: StoredAsset) -> StoredCopy:
    return StoredCopy(
        index=asset.index,
        kind=asset.kind,
        role=asset.role,
        object_key=asset.object_key,
        link_token=asset.link_token,
        file_name=asset.file_name,
        content_type=asset.content_type,
        size_bytes=asset.size_bytes,
        sha256=asset.sha256,
        width=asset.width,
        height=asset.height,
        duration_ms=asset.duration_ms,
        has_audio=asset.has_audio,
    )

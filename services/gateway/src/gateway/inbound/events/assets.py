"""Translators: what storage says."""

from contracts import events
from contracts.envelope import Envelope

from gateway.domain.facts import Asset, Stored


def asset_stored(event: events.AssetStored, _: Envelope) -> Stored:
    """The results are kept, or can't be."""
    return Stored(
        task_id=event.task_id,
        account_id=event.account_id,
        at=event.stored_at,
        outcome=event.outcome,
        assets=tuple(_asset(asset) for asset in event.assets),
        code=event.error_code,
        message=event.error_message,
    )


def _asset(asset: events.StoredAsset) -> Asset:
    return Asset(
        index=asset.index,
        kind=asset.kind,
        role=asset.role,
        bucket=asset.bucket,
        object_key=asset.object_key,
        token=asset.link_token,
        file_name=asset.file_name,
        content_type=asset.content_type,
        size_bytes=asset.size_bytes,
        sha256=asset.sha256,
        width=asset.width,
        height=asset.height,
        duration_ms=asset.duration_ms,
    )

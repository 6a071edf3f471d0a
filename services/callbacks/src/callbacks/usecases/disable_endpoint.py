"""Disable an endpoint that wants no more or has failed for long, and tell its owner's other endpoints."""

from uuid import UUID

import structlog
from contracts.ids import uuid7
from runtime.db import Tx

from callbacks.db import endpoints
from callbacks.domain.delivery import Answer
from callbacks.domain.news import Message, endpoint_text, time_text
from callbacks.usecases.deliver_messages import deliver_messages

log = structlog.get_logger()


async def disable_endpoint(tx: Tx, account_id: UUID, endpoint_id: UUID, reason: str, last: Answer) -> None:
    """`reason` is `gone` or `failing`; the owner sees it in the endpoint, too."""
    row = await endpoints.disable(tx, endpoint_id, reason)
    if row is None:
        return
    log.warning("endpoint_disabled", account_id=str(account_id), endpoint_id=str(endpoint_id), reason=reason)
    data = {
        "endpoint_id": endpoint_text(endpoint_id),
        "url": row["url"],
        "reason": reason,
        "failing_since": time_text(row["failing_since"]),
        "last_status": last.status,
        "last_error": last.error,
    }
    await deliver_messages(
        tx, [Message(uuid7(), account_id, "endpoint.disabled", None, row["disabled_at"], data)]
    )

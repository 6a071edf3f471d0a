"""A claimed delivery with everything that an attempt needs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from callbacks.domain import delivery
from callbacks.domain.signing import Secrets


@dataclass(frozen=True, slots=True)
class Errand:
    """`now` is the database's clock; `url` is None when its endpoint is gone. Ages in seconds."""

    id: UUID
    account_id: UUID
    message_id: UUID
    type: str
    task_id: UUID | None
    at: datetime
    data: Any
    endpoint_id: UUID | None
    url: str | None
    disabled: bool
    pending: bool
    round: int
    round_attempts: int
    attempts: int
    age: float
    failing: float
    secrets: Secrets
    now: datetime
    traceparent: str | None

    @property
    def lane(self) -> tuple[UUID, str]:
        """What shares a slow receiver: the endpoint, or the account's tasks that name the same host."""
        if self.endpoint_id is not None:
            return self.endpoint_id, ""
        return self.account_id, urlsplit(self.url or "").netloc

    @property
    def pointless(self) -> str | None:
        """Why there is nothing to send any more, or None."""
        if self.url is None:
            return delivery.ENDPOINT_DELETED
        if self.disabled:
            return delivery.ENDPOINT_DISABLED
        return delivery.CONTENT_DELETED if self.data is None else None

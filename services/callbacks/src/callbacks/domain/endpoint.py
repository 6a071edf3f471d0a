"""An endpoint: where an account wants to be told of its news."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint as its owner may see it; `events` empty: all. `previous_until`: two secrets are valid."""

    id: UUID
    account_id: UUID
    url: str
    description: str
    events: Sequence[str]
    created_at: datetime
    updated_at: datetime
    disabled_at: datetime | None
    disabled_reason: str | None
    failing_since: datetime | None
    rotated_at: datetime | None
    previous_until: datetime | None

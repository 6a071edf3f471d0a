"""A webhook and what it is about."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

MAX_BODY_BYTES = 1_048_576

_SECRET_NAMES = frozenset({"authorization", "cookie", "set-cookie", "referer"})
_SECRET_PARTS = ("authorization", "token", "secret", "password", "api-key", "apikey")


@dataclass(frozen=True, slots=True)
class Reference:
    """What a webhook's address names: an attempt, or for an account's one address only the provider."""

    provider: str
    account_id: UUID | None = None
    task_id: UUID | None = None
    attempt: int | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """One delivery. `provider_job_id` and `final` are what the body says: a lead, never believed.

    `signed`: the provider's signature proves who sent it.
    """

    id: UUID
    reference: Reference
    provider_job_id: str | None
    final: bool
    signed: bool
    headers: Mapping[str, str]
    body: bytes
    body_hash: bytes
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class Stored:
    """A webhook that was new, and when the database took it.

    `lead_known`: an earlier one named the same job for the same attempt.
    """

    webhook: Webhook
    received_at: datetime
    lead_known: bool

    @property
    def told(self) -> bool:
        """Whether it helps anybody: news of an end, or the first that names an attempt's job."""
        named, job = self.webhook.reference.task_id is not None, self.webhook.provider_job_id is not None
        return (named or job) if self.webhook.final else (named and job and not self.lead_known)


def body_hash(body: bytes) -> bytes:
    """What tells a repeat from news: the body's sha256."""
    return sha256(body).digest()


def kept_headers(headers: Mapping[str, str], token: str) -> dict[str, str]:
    """The headers without secrets: by name, and any that a proxy filled with the address and its token."""
    return {
        name: value for name, value in headers.items() if not (_secret(name) or (token and token in value))
    }


def _secret(name: str) -> bool:
    return name in _SECRET_NAMES or any(part in name for part in _SECRET_PARTS)

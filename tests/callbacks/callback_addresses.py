"""Callback URLs as the dispatcher gives them to providers; tokens made from the description alone."""

import base64
import hmac
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID, uuid4

SECRET, OLD_SECRET = "new-secret", "old-secret"


def token_of(secret: str, provider: str, account: UUID, task: UUID, attempt: int) -> str:
    """Written from the description, not with the code under test."""
    digest = hmac.new(secret.encode(), f"{provider}|{account}|{task}|{attempt}".encode(), sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


@dataclass(frozen=True)
class Address:
    """A callback URL as the dispatcher would give it to a provider."""

    provider: str = "ark"
    account: UUID = field(default_factory=uuid4)
    task: UUID = field(default_factory=uuid4)
    attempt: int = 1
    secret: str = SECRET

    @property
    def url(self) -> str:
        token = token_of(self.secret, self.provider, self.account, self.task, self.attempt)
        return (
            f"/api/v1/video/callback/{self.provider}"
            f"?account={self.account}&task={self.task}&attempt={self.attempt}&token={token}"
        )

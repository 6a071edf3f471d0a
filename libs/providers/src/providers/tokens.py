"""Tokens in callback URLs: they tie a webhook's address to one attempt of one task, or to one provider.

base64url (no padding) of HMAC-SHA256 over `provider|account|task|attempt`, or over `endpoint|provider` for an
address that is registered once for all of a provider's jobs. The dispatcher signs with its first secret;
callbacks accepts each of the secrets it knows, so that one can be rotated out.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from hashlib import sha256
from uuid import UUID


def sign(secret: str, provider: str, account: UUID, task: UUID, attempt: int) -> str:
    """The token of an attempt: 43 URL-safe characters."""
    return _token(secret, f"{provider}|{account}|{task}|{attempt}")


def verify(
    secrets: Iterable[str], token: str, provider: str, account: UUID, task: UUID, attempt: int
) -> bool:
    """Whether one of the secrets made this token for this attempt; takes as long for a near miss."""
    return _among(token, [sign(secret, provider, account, task, attempt) for secret in secrets])


def sign_endpoint(secret: str, provider: str) -> str:
    """The token of the address that a provider's account has: it names no task."""
    return _token(secret, f"endpoint|{provider}")


def verify_endpoint(secrets: Iterable[str], token: str, provider: str) -> bool:
    """Whether one of the secrets made this token for the provider's address."""
    return _among(token, [sign_endpoint(secret, provider) for secret in secrets])


def _token(secret: str, text: str) -> str:
    digest = hmac.digest(secret.encode(), text.encode(), sha256)
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def _among(token: str, expected: Iterable[str]) -> bool:
    given = token.encode("utf-8", "surrogatepass")
    return any([hmac.compare_digest(given, each.encode()) for each in expected])  # noqa: C419 -- never stop early

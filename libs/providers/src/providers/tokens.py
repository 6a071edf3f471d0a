"""Tokens in callback URLs: they tie a webhook's address to one attempt of one task.

base64url (no padding) of HMAC-SHA256 over `provider|account|task|attempt`. The dispatcher signs with its
first secret; callbacks accepts each of the secrets it knows, so that one can be rotated out.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from hashlib import sha256
from uuid import UUID


def sign(secret: str, provider: str, account: UUID, task: UUID, attempt: int) -> str:
    """The token of an attempt: 43 URL-safe characters."""
    text = f"{provider}|{account}|{task}|{attempt}"
    digest = hmac.digest(secret.encode(), text.encode(), sha256)
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def verify(
    secrets: Iterable[str], token: str, provider: str, account: UUID, task: UUID, attempt: int
) -> bool:
    """Whether one of the secrets made this token for this attempt; takes as long for a near miss."""
    given = token.encode("utf-8", "surrogatepass")
    expected = [sign(secret, provider, account, task, attempt).encode() for secret in secrets]
    return any([hmac.compare_digest(given, each) for each in expected])  # noqa: C419 -- never stop early

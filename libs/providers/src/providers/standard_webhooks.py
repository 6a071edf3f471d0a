"""Standard Webhooks: HMAC-SHA256 over `{id}.{timestamp}.{body}`. Source: standardwebhooks.com, specification.

Used by OpenAI (openai 3.52, lib/_webhooks.py) and Replicate.
"""

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256

from providers.webhook import Proof

TOLERANCE_SECONDS = 300
_PREFIX = "whsec_"


def prove(headers: Mapping[str, str], body: bytes, keys: Sequence[str], now_epoch_seconds: int) -> Proof:
    """Check a webhook with any of the keys; header names are lower-case.

    Forged as well: no signature although we have a key, and a time more than five minutes off.
    """
    secrets = [secret for key in keys if (secret := _secret(key))]
    if not secrets:
        return "unsigned"
    webhook_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not webhook_id or not _timely(timestamp, now_epoch_seconds):
        return "forged"
    signed = f"{webhook_id}.{timestamp}.".encode("utf-8", "surrogatepass") + body
    given = [part.encode("utf-8", "surrogatepass") for part in headers.get("webhook-signature", "").split()]
    expected = [b"v1," + b64encode(hmac.digest(secret, signed, sha256)) for secret in secrets]
    matches = [hmac.compare_digest(one, other) for one in given for other in expected]
    return "signed" if any(matches) else "forged"


def _secret(key: str) -> bytes:
    """`whsec_` and base64, or the text's own bytes; empty where it is no key at all."""
    if not key.startswith(_PREFIX):
        return key.encode()
    try:
        return b64decode(key.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _timely(timestamp: str, now_epoch_seconds: int) -> bool:
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 15:
        return False
    return abs(now_epoch_seconds - int(timestamp)) <= TOLERANCE_SECONDS

"""fal's webhook signature: Ed25519 over request id, user id, time and the body's hash, a line each.

Source: fal.ai/docs, webhooks; keys at https://rest.fal.ai/.well-known/jwks.json (to be kept a day at most).
"""

import binascii
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from providers import reading
from providers.webhook import Proof

TOLERANCE_SECONDS = 300
_HEADERS = ("request-id", "user-id", "timestamp")


def prove(headers: Mapping[str, str], body: bytes, keys: Sequence[str], now_epoch_seconds: int) -> Proof:
    """Signed if one of the keys made the signature, at most five minutes from now."""
    known = [key for text in keys for key in _public_keys(text)]
    if not known:
        return "unsigned"
    given = {name.lower(): value for name, value in headers.items()}
    parts = [given.get(f"x-fal-webhook-{name}", "") for name in _HEADERS]
    moment = reading.whole(parts[2])
    if not all(parts) or moment is None or abs(now_epoch_seconds - moment) > TOLERANCE_SECONDS:
        return "forged"
    try:
        signature = bytes.fromhex(given.get("x-fal-webhook-signature", ""))
    except ValueError:
        return "forged"
    signed = "\n".join([*parts, sha256(body).hexdigest()]).encode("utf-8", "replace")
    return "signed" if any(_made(key, signature, signed) for key in known) else "forged"


def _public_keys(text: str) -> Iterator[Ed25519PublicKey]:
    document = reading.json_object(text.encode("utf-8", "replace"))
    listed = reading.member(document, "keys")
    written = [reading.member(each, "x") for each in listed] if isinstance(listed, list) else [text]
    for each in written:
        raw = _decoded(each) if isinstance(each, str) else b""
        if len(raw) == 32:
            yield Ed25519PublicKey.from_public_bytes(raw)


def _decoded(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text.encode("ascii", "replace") + b"=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""


def _made(key: Ed25519PublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        return False
    return True

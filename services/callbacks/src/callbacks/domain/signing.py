"""Signing customers' webhooks as Standard Webhooks 1.0.0 has it, with secrets that are derived and not kept.

A secret is HMAC-SHA256 of `owner|generation` under the service's key: 32 bytes, shown as `whsec_` and base64.
A dump of the database holds no secret, and a rotation is a number.
"""

import hmac
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class Secrets:
    """Which of an owner's secrets are valid: the newest, and the one before while `previous` says so."""

    owner_id: UUID
    generation: int
    previous: bool

    def keys(self, signing_key: bytes) -> list[bytes]:
        """The valid keys, newest first."""
        first = self.generation - 1 if self.previous and self.generation > 1 else self.generation
        return [
            derive(signing_key, self.owner_id, number) for number in range(self.generation, first - 1, -1)
        ]


def derive(signing_key: bytes, owner_id: UUID, generation: int) -> bytes:
    """An owner's secret of a generation: 32 bytes."""
    return hmac.digest(signing_key, f"webhook-secret|{owner_id}|{generation}".encode(), "sha256")


def secret_text(key: bytes) -> str:
    """A secret as its owner is shown it, once."""
    return PREFIX + b64encode(key).decode()


def headers(event_id: str, timestamp: int, body: bytes, keys: Iterable[bytes]) -> dict[str, str]:
    """The three headers. `event_id` holds no full stop; `timestamp` is the attempt's, in Unix seconds."""
    signed = b"%s.%d.%s" % (event_id.encode(), timestamp, body)
    signatures = (b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }

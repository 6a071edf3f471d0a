"""Cursors of lists: opaque, and good only for the account and the filters that they were made for."""

import base64
import binascii
import hmac
from uuid import UUID

_ID, _PROOF = 16, 12


def encode(last: UUID, account_id: UUID, filters: str, secret: bytes) -> str:
    """A cursor to what comes after `last`; `filters` is any text that tells one list from another."""
    return base64.urlsafe_b64encode(last.bytes + _proof(last, account_id, filters, secret)).decode()


def decode(cursor: str, account_id: UUID, filters: str, secret: bytes) -> UUID | None:
    """The id behind a cursor; None unless it was made by `encode` for the same account and filters."""
    try:
        given = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        return None
    if len(given) != _ID + _PROOF:
        return None
    last = UUID(bytes=given[:_ID])
    return last if hmac.compare_digest(given[_ID:], _proof(last, account_id, filters, secret)) else None


def _proof(last: UUID, account_id: UUID, filters: str, secret: bytes) -> bytes:
    told = b"cursor\0" + last.bytes + account_id.bytes + filters.encode()
    return hmac.digest(secret, told, "sha256")[:_PROOF]

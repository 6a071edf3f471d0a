"""API keys: `mv_live_` or `mv_test_`, 32 random base62 characters, 6 of a checksum.

The checksum (CRC32) proves nothing; it lets a mistyped key be refused without a look-up, and scanners tell a
leaked key from noise.
"""

import re
import secrets
import string
import zlib

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
RANDOM_LENGTH = 32
CHECKSUM_LENGTH = 6
PREFIXES = {"credit": "mv_live_", "test": "mv_test_"}
_ASSETS = {prefix: asset for asset, prefix in PREFIXES.items()}
_SHAPE = re.compile(r"(mv_live_|mv_test_)[0-9A-Za-z]{38}")
_SHOWN = 12


def generate(asset: str) -> str:
    """A new key for an asset; its only appearance in full."""
    body = PREFIXES[asset] + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))
    return body + checksum(body)


def asset_of(key: str) -> str | None:
    """The asset that a well-formed key spends, or None when it can't be one of ours."""
    shape = _SHAPE.fullmatch(key)
    if shape is None or checksum(key[:-CHECKSUM_LENGTH]) != key[-CHECKSUM_LENGTH:]:
        return None
    return _ASSETS[shape[1]]


def checksum(body: str) -> str:
    """CRC32 of what comes before, as six base62 digits."""
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits


def shown(key: str) -> str:
    """What may be shown of a key for ever: its beginning and its end."""
    return f"{key[:_SHOWN]}…{key[-4:]}"

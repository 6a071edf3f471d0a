"""Tokens of result links: who has the link has the file, so it can't be guessed."""

import secrets

TOKEN_BYTES = 24


def new_token() -> str:
    """Return 192 random bits as 32 URL-safe characters."""
    return secrets.token_urlsafe(TOKEN_BYTES)

"""Request headers that more than one surface reads."""

from starlette.requests import Request

from gateway.domain.problem import Problem

_MOST_KEY_LENGTH = 255


def idempotency_key(header: str | None) -> str | None:
    """The key as sent, or in quotes as the IETF draft has it. Raises Problem 400 if it can't be kept."""
    if header is None:
        return None
    key = header[1:-1] if len(header) > 1 and header[0] == header[-1] == '"' else header
    if not 1 <= len(key) <= _MOST_KEY_LENGTH or not all("!" <= each <= "~" for each in key):
        message = f"Idempotency-Key must be 1 to {_MOST_KEY_LENGTH} visible ASCII characters."
        raise Problem(400, "invalid_idempotency_key", message, param="Idempotency-Key")
    return key


def base_url(request: Request, public_url: str | None) -> str:
    """Where clients reach this API, without a slash at the end."""
    return (public_url or str(request.base_url)).rstrip("/")

"""Names that a provider is given for an attempt."""

from urllib.parse import urlencode
from uuid import UUID

from providers import tokens


def correlation(task_id: UUID, n: int) -> str:
    """What the provider echoes, so that a lost job can be found again; the same for ever."""
    return f"fb-{task_id.hex}-{n}"


def inbox_key(task_id: str, n: int, index: int) -> str:
    """Where the bytes of an attempt's output are put; the same for ever, so a repeat replaces itself."""
    return f"inbox/{task_id}/{n}/{index}"


def object_reference(bucket: str, key: str) -> str:
    """How `provider.completed` names an object in the operator's own storage."""
    return f"object://{bucket}/{key}"


def callback_url(base: str, secret: str, provider: str, account_id: UUID, task_id: UUID, n: int) -> str:
    """Where the provider reports this attempt: the token makes the address unguessable."""
    query = urlencode(
        {
            "account": str(account_id),
            "task": str(task_id),
            "attempt": n,
            "token": tokens.sign(secret, provider, account_id, task_id, n),
        }
    )
    return f"{base.rstrip('/')}/api/v1/video/callback/{provider}?{query}"

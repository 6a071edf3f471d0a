"""Results that came as bytes in a provider's answer: the dispatcher has put them into our bucket. Pure."""

from typing import Final
from uuid import UUID

SCHEME: Final = "object://"
INBOX: Final = "inbox/"
"""Where they wait until they are copied. The key goes on with task, attempt and index."""


def is_reference(url: str) -> bool:
    """Tell whether a result's address is an object of the operator's storage."""
    return url.startswith(SCHEME)


def key_of(reference: str, bucket: str) -> str | None:
    """Return the key that a reference names; None when it lies in another bucket or outside the inbox."""
    named, _, key = reference.removeprefix(SCHEME).partition("/")
    return key if named == bucket and key.startswith(INBOX) and ".." not in key.split("/") else None


def folder(task_id: UUID) -> str:
    """Return what the keys of a task's results begin with."""
    return f"{INBOX}{task_id}/"


def task_of(key: str) -> UUID | None:
    """Return the task that a key in the inbox names; None when it names none."""
    try:
        return UUID(key.removeprefix(INBOX).partition("/")[0])
    except ValueError:
        return None

"""Reading a webhook's address: `?account=&task=&attempt=&token=`, or for all of a provider `?token=`."""

import re
from collections.abc import Mapping
from uuid import UUID

from callbacks.domain.refusals import InvalidToken
from callbacks.domain.webhook import Reference

_ATTEMPT = re.compile(r"[1-9][0-9]{0,8}")


def reference(provider: str, query: Mapping[str, str]) -> Reference:
    """What an address claims to be about. Raises InvalidToken when it is not one of ours."""
    if not query.keys() & {"account", "task", "attempt"}:
        return Reference(provider)
    try:
        account, task = UUID(query["account"]), UUID(query["task"])
        attempt = query["attempt"]
    except (KeyError, ValueError):
        raise InvalidToken("the address names no account, task and attempt") from None
    if not _ATTEMPT.fullmatch(attempt):
        raise InvalidToken("the address names no attempt")
    return Reference(provider, account, task, int(attempt))

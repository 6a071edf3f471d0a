"""`make down`: first what takes work, then what it talks to; everything that was accepted is written down."""

import time
from collections.abc import Callable

from stack import processes
from stack.deployment import STOPPING_ORDER
from stack.paths import Home


async def down(home: Home, say: Callable[[str], None]) -> None:
    """Stop every process of this home in order, extra ones first; their data stay."""
    if not home.run.exists():
        return
    with home.locked("up"), home.locked("servers"):
        for name in stopping_order(list(processes.records(home))):
            began = time.monotonic()
            stopped = await processes.stop(home, name)
            say(f"{name} {'stopped' if stopped else 'was dead already'} ({time.monotonic() - began:.1f} s)")


def stopping_order(names: list[str]) -> list[str]:
    """Return the names as they are stopped: extra processes, services, simulator, servers."""
    return sorted(names, key=lambda name: STOPPING_ORDER.index(name) if name in STOPPING_ORDER else -1)

"""Free ports on 127.0.0.1, chosen once and kept while nobody else has taken them."""

import json
import random
import socket
from collections.abc import Iterable

from stack.errors import StackError
from stack.paths import Home

# Below the ephemeral range, so that no outgoing connection takes a port between a stop and a start.
_RANGE = range(18_000, 32_000)


def is_free(port: int) -> bool:
    """Say whether a server could listen on the port of 127.0.0.1 now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def saved(home: Home) -> dict[str, int]:
    """Return the ports that were given out before, by process name."""
    file = home.state / "ports.json"
    return dict(json.loads(file.read_text())) if file.exists() else {}


def assign(home: Home, names: Iterable[str], *, running: Iterable[str] = ()) -> dict[str, int]:
    """Give each name a port: its saved one if it is free (or its own process has it), else a new one."""
    with home.locked("ports"):
        ports = saved(home)
        kept = set(running)
        for name in names:
            if name not in ports or (name not in kept and not is_free(ports[name])):
                ports[name] = _pick(taken=ports.values())
        (home.state / "ports.json").write_text(json.dumps(ports, indent=1))
        return ports


def _pick(taken: Iterable[int]) -> int:
    used = set(taken)
    for port in random.sample(_RANGE, 500):
        if port not in used and is_free(port):
            return port
    raise StackError("no free port found on 127.0.0.1 between 18000 and 32000")

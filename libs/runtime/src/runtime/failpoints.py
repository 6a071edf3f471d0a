"""Failpoints: named places where a process can be killed, delayed or made to fail. Armed in dev mode only.

`FAILPOINTS="relay.sent=kill,bus.committed=delay:0.5@0.1"` in a service's settings: name=action, with `@` the
share of passes that it happens at. Actions: `kill` (SIGKILL to oneself: nothing is tidied up),
`delay:SECONDS`, `fail` (raises FailpointError); `kill:N` and `fail:N` happen at the Nth pass only. Unarmed
they cost one look into an empty dictionary. `failpoint_routes` arms a process that runs.
"""

import asyncio
import os
import random
import re
import signal
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import structlog

log = structlog.get_logger()

PLACES: Final[Mapping[str, str]] = {
    "relay.read": "committed outbox rows are read, nothing is sent",
    "relay.sent": "Kafka has them, the cursor has not moved",
    "bus.applied": "a batch is applied, its transaction is not committed",
    "bus.committed": "a batch is committed, Kafka's own offset is not",
    "work.claimed": "a row is leased, nothing is done",
    "group.committed": "a group commit is durable, nobody has been answered",
    "gateway.committed": "an order is decided and committed, its client has no answer",
    "ledger.swept": "holds past their time are given back, the transaction is not committed",
    "dispatcher.marked": "an attempt says `submitting`, nothing was sent to the provider",
    "dispatcher.accepted": "the provider has answered a submit, nothing of it is recorded",
    "dispatcher.polled": "the provider has said how a job stands, nothing of it is recorded",
    "storage.judged": "a result is in the object store in parts, its object does not exist yet",
    "storage.uploaded": "a task's objects exist, nothing of them is recorded",
    "callbacks.stored": "a provider's webhook is on disk, the provider has no answer",
    "callbacks.delivered": "a customer's endpoint has answered, nothing of it is recorded",
}
"""Every place there is; a name that isn't here can't be armed."""

_SPEC = re.compile(r"([a-z.]+)=(kill|fail|delay)(?::([0-9.]+))?(?:@([0-9.]+))?")


class FailpointError(Exception):
    """What an armed `fail` raises."""


@dataclass(slots=True)
class _Armed:
    action: str
    argument: float | None
    share: float
    passes: int = 0

    def due(self, chance: Callable[[], float]) -> bool:
        self.passes += 1
        if self.action != "delay" and self.argument is not None:
            return self.passes == int(self.argument)
        return self.share >= 1.0 or chance() < self.share


_armed: dict[str, _Armed] = {}
_fired: Counter[str] = Counter()


def parse(text: str) -> dict[str, tuple[str, float | None, float]]:
    """Name to (action, argument, share). Raises ValueError that names what is wrong."""
    found: dict[str, tuple[str, float | None, float]] = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        spec = _SPEC.fullmatch(part)
        if spec is None or spec[1] not in PLACES:
            raise ValueError(f"no failpoint: {part!r}; it is NAME=ACTION, names: {', '.join(PLACES)}")
        argument = float(spec[3]) if spec[3] else None
        if spec[2] == "delay" and argument is None:
            raise ValueError(f"{part!r}: a delay needs its seconds, as in {spec[1]}=delay:0.5")
        found[spec[1]] = (spec[2], argument, float(spec[4]) if spec[4] else 1.0)
    return found


def arm(text: str) -> None:
    """Arm what the text says and nothing else; "" disarms all. Raises ValueError."""
    wanted = parse(text)
    _armed.clear()
    _armed.update({name: _Armed(*spec) for name, spec in wanted.items()})
    if _armed:
        log.warning("failpoints_armed", names=sorted(_armed))


def state() -> dict[str, dict[str, int]]:
    """Passes since it was armed, and how often it happened since the process began, each by name."""
    return {"armed": {name: each.passes for name, each in _armed.items()}, "fired": dict(_fired)}


async def reach(name: str) -> None:
    """A place is reached; nothing happens unless it is armed. Raises FailpointError when told to."""
    if not _armed:
        return
    armed = _armed.get(name)
    if armed is None or not armed.due(random.random):
        return
    _fired[name] += 1
    log.warning("failpoint", name=name, action=armed.action)
    if armed.action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if armed.action == "delay":
        await asyncio.sleep(armed.argument or 0.0)
    else:
        raise FailpointError(name)

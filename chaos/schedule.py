"""What goes wrong and when: a pure function of the seed, so that a run can be had again."""

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

SERVICES = ("gateway", "ledger", "dispatcher", "callbacks", "storage")
PERIOD_SECONDS = 10
CALM_SHARE = 0.25
"""Of the periods nothing goes wrong in."""

FAILPOINTS: Sequence[tuple[str, Sequence[str]]] = (
    ("bus.applied", SERVICES),
    ("bus.committed", SERVICES),
    ("callbacks.delivered", ("callbacks",)),
    ("callbacks.stored", ("callbacks",)),
    ("dispatcher.accepted", ("dispatcher",)),
    ("dispatcher.marked", ("dispatcher",)),
    ("dispatcher.polled", ("dispatcher",)),
    ("gateway.committed", ("gateway",)),
    ("group.committed", ("gateway", "dispatcher", "storage")),
    ("ledger.swept", ("ledger",)),
    ("relay.read", SERVICES),
    ("relay.sent", SERVICES),
    ("storage.judged", ("storage",)),
    ("storage.uploaded", ("storage",)),
    ("work.claimed", ("dispatcher", "callbacks", "storage")),
)
"""Places at which a process is killed, and who passes them."""
FAILPOINTS_PER_RUN = 5
"""Three seeds in a row have all of them."""

MISDEEDS: Mapping[str, float] = {
    "drop_request": 0.4,
    "drop_answer": 0.4,
    "error_after_accept": 0.3,
    "answer_twice": 0.5,
    "answer_after_webhook": 0.6,
    "server_error": 0.5,
    "rate_limited": 0.5,
    "out_of_quota": 0.3,
    "poll_error": 0.5,
    "poll_cut": 0.4,
    "fail": 0.3,
    "moderated": 0.3,
    "never_final": 0.1,
    "succeed_then_fail": 0.3,
    "fail_then_succeed": 0.3,
    "webhook_lost": 0.8,
    "webhook_doubled": 0.6,
    "webhook_late": 0.6,
    "webhook_forged": 0.5,
    "webhook_reordered": 0.6,
    "webhook_stray": 0.5,
    "result_expired": 0.3,
    "result_truncated": 0.2,
    "result_cut": 0.4,
    "result_wrong_type": 0.2,
}
"""What the simulator does wrong, each at this share of its occasions, at every provider."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """Something that is done at `at` seconds after the load's begin, and undone `seconds` later."""

    at: float
    kind: str
    target: str
    seconds: float = 0.0
    detail: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def words(self) -> str:
        """One line about it."""
        extra = " ".join(f"{name}={value}" for name, value in self.detail.items() if value)
        lasting = f" for {self.seconds:g} s" if self.seconds else ""
        return f"{self.kind} {self.target}{lasting} {extra}".rstrip()


def schedule(seed: int, minutes: float) -> list[Fault]:
    """The faults of a run, in order. A quarter of its periods are calm, the last one among them."""
    chance = random.Random(seed)
    periods = max(int(minutes * 60 / PERIOD_SECONDS), 2)
    calm = set(chance.sample(range(1, periods - 1), max(round(periods * CALM_SHARE) - 1, 0))) | {periods - 1}
    rough = [n for n in range(periods) if n not in calm]
    wanted = _wanted(chance, seed, len(rough))
    placed = [_in_period(chance, rough[n % len(rough)], fault) for n, fault in enumerate(wanted)]
    return sorted(placed, key=lambda fault: (fault.at, fault.kind, fault.target))


def digest(faults: Sequence[Fault]) -> str:
    """The schedule's name: equal for equal schedules."""
    return hashlib.sha256(json.dumps([asdict(each) for each in faults]).encode()).hexdigest()[:16]


def _in_period(chance: random.Random, period: int, fault: Fault) -> Fault:
    at = round(period * PERIOD_SECONDS + chance.uniform(0.5, 5.0), 2)
    return Fault(at, fault.kind, fault.target, fault.seconds, fault.detail)


def _wanted(chance: random.Random, seed: int, periods: int) -> list[Fault]:
    """What has to happen in any run first, then at random as much as there is time for."""
    kills = [Fault(0, "kill", name) for name in chance.sample(SERVICES, len(SERVICES))]
    places = _failpoints(chance, seed)
    once = _once(chance)
    room = max(round(periods * 2.7), len(kills) + 4)
    if room < len(kills) + len(places) + len(once):  # a short run has its share of each
        chance.shuffle(once)
        once, places = once[: room - len(kills) - 2], places[:2]
    faults = [*kills, *places, *once]
    while len(faults) < room:
        faults.append(chance.choice([_kill, _freeze, _misdeed, _misdeed, _misdeed, _cut, _server])(chance))
    chance.shuffle(faults)
    return faults


def _failpoints(chance: random.Random, seed: int) -> list[Fault]:
    """This seed's share of the places, at a pass that comes soon."""
    first = seed * FAILPOINTS_PER_RUN
    mine = [FAILPOINTS[(first + n) % len(FAILPOINTS)] for n in range(FAILPOINTS_PER_RUN)]
    return [_failpoint(chance, place, chance.choice(services)) for place, services in mine]


def _failpoint(chance: random.Random, place: str, service: str) -> Fault:
    if place == "ledger.swept":  # holds pass their time while nobody says that their results are stored
        return Fault(0, "failpoint", service, 17.0, {"arm": f"{place}=kill:1", "still": "storage"})
    return Fault(0, "failpoint", service, detail={"arm": f"{place}=kill:{chance.randint(1, 3)}"})


def _once(chance: random.Random) -> list[Fault]:
    return [
        Fault(0, "stop", "kafka", chance.choice([4.0, 8.0])),
        Fault(0, "crash", "postgres", 1.0),
        Fault(0, "stop", "s3", 14.0),
        Fault(0, "lag", "ledger", 14.0),
        Fault(0, "zombie", "ledger", 14.0),
        Fault(0, "deadlock", "ledger", 4.0),
        Fault(0, "poison", "ledger", 3.0),
        Fault(0, "block", "gateway", 2.0),
        Fault(0, "replay", chance.choice(SERVICES)),
        _cut(chance),
        _freeze(chance),
        misdeed("drop_answer", 9.0),
        misdeed("answer_after_webhook", 9.0),
        misdeed("webhook_lost", 9.0),
    ]


def _kill(chance: random.Random) -> Fault:
    return Fault(0, "kill", chance.choice(SERVICES))


def _freeze(chance: random.Random) -> Fault:
    return Fault(0, "freeze", chance.choice(SERVICES), float(chance.choice([3, 6, 13])))


def misdeed(name: str, seconds: float) -> Fault:
    """The provider does something wrong for a while."""
    return Fault(0, "provider", name, seconds, {"share": MISDEEDS[name]})


def _misdeed(chance: random.Random) -> Fault:
    return misdeed(chance.choice(list(MISDEEDS)), float(chance.choice([5, 9])))


def _cut(chance: random.Random) -> Fault:
    return Fault(0, "cut", chance.choice(SERVICES))


def _server(chance: random.Random) -> Fault:
    kind, target = chance.choice(
        [("stop", "kafka"), ("crash", "kafka"), ("stop", "postgres"), ("stop", "s3"), ("freeze", "kafka")]
    )
    return Fault(0, kind, target, float(chance.choice([2, 5])))

"""The remedies that `--without` takes out, what provokes their absence, and what is then found broken."""

from collections.abc import Sequence
from dataclasses import dataclass

from chaos.schedule import Fault


@dataclass(frozen=True, slots=True)
class Remedy:
    """One of them: what it breaks, faults that are added to the seed's, and SQL for a service's database."""

    breaks: frozenset[str]
    """At least one of these is reported as violated."""
    faults: Sequence[Fault] = ()
    service: str = ""
    sql: str = ""


def _failpoints(arm: str, *targets: str, at: Sequence[float] = (12, 30)) -> tuple[Fault, ...]:
    return tuple(Fault(each, "failpoint", name, detail={"arm": arm}) for each in at for name in targets)


REMEDIES = {
    "offsets-with-the-work": Remedy(  # single lost facts are asked for again
        frozenset({"M2", "X1", "X3", "X7"}),
        tuple(
            Fault(at, "failpoint", name, 12.0, {"arm": "bus.applied=fail@0.5"})
            for at in (7, 27)
            for name in ("gateway", "ledger")
        ),
    ),
    "cursor-after-the-send": Remedy(
        frozenset({"X6", "X1"}), _failpoints("relay.read=fail:2", "ledger", "dispatcher", "storage")
    ),
    "horizon": Remedy(  # what a batch has written waits for its commit, while submits overtake it
        frozenset({"X6"}),
        tuple(
            Fault(at, "failpoint", "gateway", 10.0, {"arm": "bus.applied=delay:1.5@0.5"}) for at in (8, 28)
        ),
    ),
    "natural-keys": Remedy(
        frozenset({"M2"}),
        (Fault(30, "replay", "gateway"),),
        "ledger",
        "ALTER TABLE changes DROP CONSTRAINT changes_pkey",
    ),
    "row-before-the-call": Remedy(
        frozenset({"X4"}),
        (
            *(Fault(at, "provider", "drop_answer", 6.0) for at in (8, 25)),
            *_failpoints("dispatcher.accepted=kill:2", "dispatcher", at=(18, 40)),
        ),
    ),
    "idempotency-records": Remedy(frozenset({"X1", "X2"})),
    "admission": Remedy(frozenset({"X3"})),
    "lease-end": Remedy(frozenset({"X7", "X1"}), _failpoints("work.claimed=kill:2", "dispatcher", "storage")),
    "object-before-the-row": Remedy(
        frozenset({"X5"}), tuple(Fault(at, "kill", "storage") for at in (12, 22, 32, 42))
    ),
}

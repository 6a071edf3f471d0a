"""What providers say that they accepted and bill, against our attempts and their money outcomes. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Verdict = Literal["matched", "borne", "differing", "unknown", "missing"]
WRONG: frozenset[Verdict] = frozenset({"differing", "unknown", "missing"})
_KNOWN_ORPHAN = frozenset({"suspected", "confirmed"})


@dataclass(frozen=True, slots=True)
class Bill:
    """A provider's line about one job; cost in millionths of its currency, None where it isn't said."""

    provider: str
    job_id: str
    billed: bool = True
    cost_micro: int | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """An attempt that a provider had taken, and how its task was closed, None while it is open."""

    task_id: UUID
    n: int
    provider: str
    job_id: str
    status: str
    cost_micro: int | None
    orphan: str | None
    closed: str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What comes of one job. `borne`: billed and not charged to the customer, as we know."""

    verdict: Verdict
    provider: str
    job_id: str
    says: str
    attempt: Made | None = None
    cost_micro: int | None = None


def reconcile(bills: Iterable[Bill], attempts: Iterable[Made]) -> Iterator[Finding]:
    """A finding per job that either side knows. The attempts are those that the bills should name."""
    made = {(each.provider, each.job_id): each for each in attempts}
    seen: set[tuple[str, str]] = set()
    for bill in bills:
        key = bill.provider, bill.job_id
        if key in seen:
            yield Finding("differing", *key, "is there twice", made.get(key), bill.cost_micro)
            continue
        seen.add(key)
        yield _judge(bill, made.get(key))
    for key, attempt in made.items():
        if key not in seen:
            yield Finding("missing", *key, f"we have it as {attempt.status}", attempt, attempt.cost_micro)


def _judge(bill: Bill, attempt: Made | None) -> Finding:
    key = bill.provider, bill.job_id
    if attempt is None:
        return Finding("unknown", *key, "no attempt of ours has this job", None, bill.cost_micro)
    verdict, says = _compare(bill, attempt)
    return Finding(verdict, *key, says, attempt, bill.cost_micro)


def _compare(bill: Bill, attempt: Made) -> tuple[Verdict, str]:
    ours = attempt.cost_micro
    if not bill.billed:
        if attempt.closed == "settled" and attempt.status == "succeeded":
            return "differing", "the customer paid, and it isn't billed"
        return "matched", "not billed"
    if None not in (bill.cost_micro, ours) and bill.cost_micro != ours:
        return "differing", f"costs {bill.cost_micro} there and {ours} here"
    if attempt.status != "succeeded" and attempt.orphan not in _KNOWN_ORPHAN:
        return "differing", f"billed, and we have it as {attempt.status}"
    if attempt.closed in {"released", "refused"}:
        return "borne", f"billed, and {attempt.closed}: the operator's cost"
    return "matched", "billed"

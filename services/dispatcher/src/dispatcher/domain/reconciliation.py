"""What providers say that they accepted and bill, against our attempts and their money outcomes. Pure."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Verdict = Literal["matched", "borne", "differing", "unknown", "missing"]
WRONG: frozenset[Verdict] = frozenset({"differing", "unknown", "missing"})
_KNOWN_ORPHAN = frozenset({"suspected", "confirmed"})


@dataclass(frozen=True, slots=True)
class Bill:
    """A provider's line about one job; cost in millionths of its currency, None where it isn't said.

    `correlation`: what we called the job, where the provider tells it.
    """

    provider: str
    job_id: str
    billed: bool = True
    cost_micro: int | None = None
    correlation: str | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """An attempt at a provider, and how its task was closed, None while it is open.

    Its job has no id where we never learned one; where a protocol has none it goes by the correlation.
    """

    task_id: UUID
    n: int
    provider: str
    job_id: str | None
    correlation: str
    status: str
    cost_micro: int | None
    orphan: str | None
    closed: str | None

    @property
    def has_own_id(self) -> bool:
        """Whether the provider has given it an id."""
        return self.job_id not in (None, self.correlation)


@dataclass(frozen=True, slots=True)
class Finding:
    """What comes of one job. `borne`: billed and not charged to the customer, as we know."""

    verdict: Verdict
    provider: str
    job_id: str
    says: str
    attempt: Made | None = None
    cost_micro: int | None = None


def bare(job_id: str) -> str:
    """A job's id as bills have it: without the path that some protocols put before it."""
    return job_id.rstrip("/").rpartition("/")[2]


def reconcile(bills: Iterable[Bill], attempts: Collection[Made]) -> Iterator[Finding]:
    """A finding per job that either side knows. The attempts are those that the bills should name."""
    by_job = {(each.provider, bare(each.job_id)): each for each in attempts if each.job_id}
    by_correlation = {(each.provider, each.correlation): each for each in attempts}
    seen: set[tuple[str, str]] = set()
    named: set[tuple[UUID, int]] = set()
    for bill in bills:
        key = bill.provider, bare(bill.job_id)
        attempt = by_job.get(key) or by_correlation.get((bill.provider, bill.correlation or ""))
        if attempt is not None:
            named.add((attempt.task_id, attempt.n))
        if key in seen:
            yield _finding("differing", bill, "is there twice", attempt)
            continue
        seen.add(key)
        yield _finding(*_judge(bill, attempt), attempt)
    for each in attempts:
        if each.job_id and (each.task_id, each.n) not in named:
            says = f"we have it as {each.status}"
            yield Finding("missing", each.provider, each.job_id, says, each, each.cost_micro)


def _finding(verdict: Verdict, bill: Bill, says: str, attempt: Made | None) -> Finding:
    return Finding(verdict, bill.provider, bill.job_id, says, attempt, bill.cost_micro)


def _judge(bill: Bill, attempt: Made | None) -> tuple[Verdict, Bill, str]:
    if attempt is None:
        return "unknown", bill, "no attempt of ours has this job"
    if attempt.has_own_id and bare(attempt.job_id or "") != bare(bill.job_id):
        return "differing", bill, f"a second job of an attempt that we have as {attempt.job_id}"
    verdict, says = _compare(bill, attempt)
    return verdict, bill, says


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

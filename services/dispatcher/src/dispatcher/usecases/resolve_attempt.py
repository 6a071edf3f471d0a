"""An attempt that was, or may have been, on its way: find out. It is never sent again under its number."""

from providers import outcomes as o
from providers.adapter import adapter
from runtime.backoff import delay

from dispatcher.domain.job import RESTORED, RESTORED_ANYWHERE, Attempt, Change, Job, Problem
from dispatcher.domain.providers import route_of
from dispatcher.domain.verdicts import SHORTLY, absent, given_up
from dispatcher.usecases.ask_provider import ask
from dispatcher.usecases.call_provider import call
from dispatcher.usecases.desk import Desk, Later, Lease
from dispatcher.usecases.sign_in import Asking, asking

MAX_PAGES = 50
LOOK_FIRST, LOOK_MOST = 0.5, 15.0
LONGEST_SECONDS = 25 * 3600
"""A task's longest deadline and an hour: as long ago may an attempt be that a restored database forgot."""

_KNOWN = (o.Progress, o.Succeeded, o.Failed, o.Moderated, o.InvalidInput, o.Cancelled)


async def resolve_attempt(desk: Desk, job: Job, attempt: Attempt, lease: Lease) -> Change:
    """Found: it goes on as submitted. Never accepted: a new number. No word for too long: given up."""
    job_id = await confirm_hint(desk, attempt, lease)
    if job_id is not None:
        return Change(SHORTLY, "submitted", job_id, progress="submitted")
    found = await look_up(desk, attempt, lease)
    if isinstance(found, o.Found):
        return Change(SHORTLY, "submitted", found.job_id, progress="submitted")
    age = job.age(attempt.submitting_at)
    proven = isinstance(found, o.Absent) and attempt.error_class != RESTORED_ANYWHERE
    if proven and age > desk.timing.absent_after:
        return _never_accepted(desk, job)
    if age >= desk.timing.uncertain_after:
        return _give_up(desk, job, attempt)
    return Change(_wait(desk, attempt, age, lease), expected=False)


async def confirm_hint(desk: Desk, attempt: Attempt, lease: Lease) -> str | None:
    """The job id that a webhook named, if the provider knows it under our credential."""
    if attempt.hint_job_id is None:
        return None
    job_id = adapter(attempt.protocol).job_of(attempt.model, attempt.hint_job_id)
    outcome = await ask(desk, attempt, job_id, lease)
    return job_id if isinstance(outcome, _KNOWN) else None


async def look_up(desk: Desk, attempt: Attempt, lease: Lease) -> o.LookupOutcome:
    """Search the provider's own list for our correlation, page by page."""
    to = await asking(desk, attempt, lease)
    if not isinstance(to, Asking):
        return to if isinstance(to, o.Unknown) else o.Unknown("the provider can't be asked now")
    provider, protocol, since = to.provider, to.protocol, _since(attempt)
    for page in range(1, MAX_PAGES + 1):
        request = protocol.lookup(provider.base_url, to.credential, attempt.model, since, page)
        if request is None:
            return o.Unknown("the protocol has no lookup")
        answer = await call(desk, provider, attempt.credential_id, request, lease)
        if isinstance(answer, Later):
            return o.Unknown("the provider can't be asked now")
        if isinstance(answer, o.Unknown):
            return answer
        outcome = protocol.parse_lookup(answer, attempt.correlation, since)
        if not isinstance(outcome, o.NextPage):
            return outcome
    return o.Unknown(f"not on the first {MAX_PAGES} pages")


def _since(attempt: Attempt) -> int:
    """Seconds since 1970 before which the job can't have been made."""
    back = LONGEST_SECONDS if attempt.error_class in {RESTORED, RESTORED_ANYWHERE} else 0
    return int(attempt.submitting_at.timestamp()) - back


def can_look_up(attempt: Attempt) -> bool:
    """Whether the attempt's protocol has a lookup."""
    return adapter(attempt.protocol).capabilities.lookup


def _never_accepted(desk: Desk, job: Job) -> Change:
    times = 1 + sum(each.status == "absent" for each in job.attempts)
    if times > desk.timing.max_absent:
        return given_up(Problem("absent", f"not found after {times} submits: the lookup is doubted"))
    return absent()


def _give_up(desk: Desk, job: Job, attempt: Attempt) -> Change:
    route = route_of(desk.catalog.get(job.model or ""), attempt)
    once_more = route is not None and route.resubmit_once and not job.overdue and job.cancel is None
    already = any(each.status == "unknown" for each in job.attempts)
    problem = Problem("unknown", "whether the provider took the job can't be found out")
    return given_up(problem, resubmit=once_more and not already)


def _wait(desk: Desk, attempt: Attempt, age: float, lease: Lease) -> float:
    """Until the next moment at which more can be known."""
    left = max(desk.timing.uncertain_after - age, 0.0) + 0.1
    if not can_look_up(attempt):
        return left
    until_absence_counts = desk.timing.absent_after - age
    wait = delay(lease.tries, LOOK_FIRST, LOOK_MOST)
    return min(wait, left, until_absence_counts + 0.1 if until_absence_counts > 0 else left)

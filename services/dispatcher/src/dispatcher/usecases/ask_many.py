"""One question for many jobs: polls of one credential that fall due at the same moment share a call."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from providers import outcomes as o
from runtime.group_commit import GroupCommit

from dispatcher.domain.providers import poll_seconds
from dispatcher.usecases.call_provider import call, judge_call
from dispatcher.usecases.desk import Desk, Later, Lease
from dispatcher.usecases.sign_in import Asking

GATHER_SECONDS = 0.02
_MOST_WAITING = 100_000

Told = o.PollOutcome | Later | None
"""None: the list didn't tell of this job, so it is asked for alone."""


@dataclass(frozen=True, slots=True)
class _Question:
    to: Asking
    job_id: str
    lease: Lease


async def ask_with_others(desk: Desk, to: Asking, job_id: str, lease: Lease) -> Told:
    """What a list says of the job; None if it must be asked for alone."""
    if not lease.allows(GATHER_SECONDS + poll_seconds(to.provider)):
        return None
    key = (to.provider.name, to.credential.id, to.protocol.name)
    if key not in desk.gates:
        desk.gates[key] = GroupCommit(
            partial(_ask, desk),
            max_batch=to.protocol.capabilities.poll_many,
            max_waiting=_MOST_WAITING,
            linger_seconds=GATHER_SECONDS,
        )
    gate: GroupCommit[_Question, Told] = desk.gates[key]
    return await gate.submit(_Question(to, job_id, lease))


async def _ask(desk: Desk, batch: Sequence[_Question]) -> list[Told | Exception]:
    to, ids = batch[-1].to, list(dict.fromkeys(each.job_id for each in batch))
    if len(ids) == 1:
        return [None] * len(batch)
    request = to.protocol.poll_many(to.provider.base_url, to.credential, ids)
    if request is None:
        return [None] * len(batch)
    lease = min((each.lease for each in batch), key=Lease.seconds_left)
    most = to.protocol.capabilities.answer_bytes
    answer = await call(desk, to.provider, to.credential.id, request, lease, most)
    if isinstance(answer, o.Unknown | Later):
        return [answer] * len(batch)
    told = to.protocol.parse_poll_many(answer)
    for outcome in told.values():
        judge_call(desk, (to.provider.name, to.credential.id, "poll"), outcome, answer.status)
    if told:
        return [told.get(each.job_id) for each in batch]
    refusal = to.protocol.parse_poll(answer)
    if answer.status >= 400 and isinstance(refusal, o.Throttled | o.OutOfQuota | o.BadCredentials):
        judge_call(desk, (to.provider.name, to.credential.id, "poll"), refusal, answer.status)
        return [refusal] * len(batch)
    return [None] * len(batch)

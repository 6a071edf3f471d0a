"""Ask a provider for a job's state: with others in one question where the protocol can, else alone."""

import random

from providers import outcomes as o

from dispatcher.domain.job import Attempt
from dispatcher.usecases.ask_many import ask_with_others
from dispatcher.usecases.call_provider import FULL_SECONDS, call, judge_call
from dispatcher.usecases.desk import Desk, Later, Lease
from dispatcher.usecases.sign_in import Asking, asking

POLL_STEPS = 3
"""Questions that one poll may take; the adapters need two at most."""


async def ask(desk: Desk, attempt: Attempt, job_id: str, lease: Lease) -> o.PollOutcome | Later:
    """The state of a provider's job, or why there is none to be had now."""
    to = await asking(desk, attempt, lease)
    if not isinstance(to, Asking):
        return to
    if not lease.share.enter(to.provider.name):
        return Later(random.uniform(0.0, FULL_SECONDS))
    if to.protocol.capabilities.poll_many > 1:
        told = await ask_with_others(desk, to, job_id, lease)
        if told is not None:
            return told
    return await _ask_alone(desk, to, job_id, lease)


async def _ask_alone(desk: Desk, to: Asking, job_id: str, lease: Lease) -> o.PollOutcome | Later:
    provider, protocol, step = to.provider, to.protocol, ""
    for _ in range(POLL_STEPS):
        request = protocol.poll(provider.base_url, to.credential, job_id, step)
        most = protocol.capabilities.answer_bytes
        answer = await call(desk, provider, to.credential.id, request, lease, most)
        if isinstance(answer, o.Unknown | Later):
            return answer
        outcome = protocol.parse_poll(answer, step)
        judge_call(desk, (provider.name, to.credential.id, "poll"), outcome, answer.status)
        if not isinstance(outcome, o.AskNext):
            return outcome
        step = outcome.step
    return o.Unknown(f"{protocol.name} asked for more than {POLL_STEPS} steps")

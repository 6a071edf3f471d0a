"""Ask a provider for a job's state, at its pace and with respect for its troubles."""

from providers import outcomes as o
from providers.http import HttpRequest, HttpResponse

from dispatcher.domain.job import Attempt
from dispatcher.domain.providers import Provider, poll_seconds
from dispatcher.outbound.circuit import Key
from dispatcher.outbound.provider_client import MAX_ANSWER_BYTES, CallError
from dispatcher.usecases.desk import Desk, Later, Lease
from dispatcher.usecases.sign_in import Asking, asking

POLL_STEPS = 3
"""Questions that one poll may take; the adapters need two at most."""


async def ask(desk: Desk, attempt: Attempt, job_id: str, lease: Lease) -> o.PollOutcome | Later:
    """The state of a provider's job, or why there is none to be had now."""
    to = await asking(desk, attempt, lease)
    if not isinstance(to, Asking):
        return to
    provider, protocol, step = to.provider, to.protocol, ""
    for _ in range(POLL_STEPS):
        request = protocol.poll(provider.base_url, to.credential, job_id, step)
        most = protocol.capabilities.answer_bytes
        answer = await call(desk, provider, attempt.credential_id, request, lease, most)
        if isinstance(answer, o.Unknown | Later):
            return answer
        outcome = protocol.parse_poll(answer, step)
        judge_call(desk, (provider.name, attempt.credential_id, "poll"), outcome, answer.status)
        if not isinstance(outcome, o.AskNext):
            return outcome
        step = outcome.step
    return o.Unknown(f"{attempt.protocol} asked for more than {POLL_STEPS} steps")


def judge_call(desk: Desk, key: Key, outcome: o.PollAnswer | o.CancelOutcome, status: int) -> None:
    """Tell the circuit what an answer says of the provider itself."""
    match outcome:
        case o.Throttled(retry_after):
            desk.circuits.refused(key, retry_after)
        case o.BadCredentials():
            desk.tokens.drop(key[0], key[1])
        case o.Unknown() if status >= 500:
            desk.circuits.failed(key)
        case _:
            desk.circuits.succeeded(key)


async def call(
    desk: Desk,
    provider: Provider,
    credential_id: str,
    request: HttpRequest,
    lease: Lease,
    most_bytes: int = MAX_ANSWER_BYTES,
) -> HttpResponse | o.Unknown | Later:
    """Send a request that changes nothing at the provider."""
    key: Key = (provider.name, credential_id, "poll")
    pause = desk.circuits.closed_for(key)
    if pause > 0:
        return Later(pause)
    turn = await desk.pace.turn(provider, credential_id, "poll", lease.account_id)
    if turn is not None:
        return Later(turn)
    seconds = poll_seconds(provider)
    if not lease.allows(seconds):
        return Later(0.0)
    try:
        return await desk.client.send(provider.name, request, seconds, most_bytes)
    except CallError as error:
        desk.circuits.failed(key)
        return o.Unknown(str(error))

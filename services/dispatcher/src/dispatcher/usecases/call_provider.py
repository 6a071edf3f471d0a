"""One call to a provider that changes nothing there, at its pace and with respect for its troubles."""

import random
import time

from providers import outcomes as o
from providers.http import HttpRequest, HttpResponse

from dispatcher.domain.providers import Provider, poll_seconds
from dispatcher.outbound.circuit import Key
from dispatcher.outbound.provider_client import MAX_ANSWER_BYTES, CallError
from dispatcher.usecases.desk import Desk, Later, Lease

FULL_SECONDS = 2.0
"""Within so long a provider is asked again that has all the hands it may have."""


def judge_call(desk: Desk, key: Key, outcome: o.PollAnswer | o.CancelOutcome, status: int) -> None:
    """Tell the circuit what an answer says of the provider itself."""
    desk.standing.answered(key, outcome)
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
    if not lease.share.enter(provider.name):
        return Later(random.uniform(0.0, FULL_SECONDS))
    turn = await desk.pace.turn(provider, credential_id, "poll", lease.account_id)
    if turn is not None:
        return Later(turn)
    seconds = poll_seconds(provider)
    if not lease.allows(seconds):
        return Later(0.0)
    began = time.monotonic()
    try:
        return await desk.client.send(provider.name, request, seconds, most_bytes, lease.share)
    except CallError as error:
        desk.circuits.failed(key)
        desk.standing.answered(key, error)
        return o.Unknown(str(error))
    finally:
        desk.standing.took(key, time.monotonic() - began)

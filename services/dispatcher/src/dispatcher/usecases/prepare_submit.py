"""Give a provider what a submit will speak of, before the attempt begins: nothing runs there yet."""

from providers import outcomes as o
from providers.adapter import Adapter
from providers.job import Submission
from runtime.backoff import delay

from dispatcher.domain.job import Change, Completion
from dispatcher.domain.providers import Target
from dispatcher.outbound.provider_client import CallError
from dispatcher.usecases.choose_place import judge
from dispatcher.usecases.desk import Desk, Lease

FIRST_SECONDS, MOST_SECONDS = 1.0, 15.0


async def prepare_submit(
    desk: Desk, target: Target, protocol: Adapter, submission: Submission, seconds: float, lease: Lease
) -> Change | None:
    """None when the submit may follow; else when to try again, or why never. Each call has `seconds`."""
    provider = target.provider
    for request in protocol.prepare(provider.base_url, target.credential, submission):
        if not lease.allows(seconds):
            return Change(0.0)
        try:
            answer = await desk.client.send(provider.name, request, seconds)
        except CallError as error:
            outcome: o.PrepareOutcome = o.Unknown(str(error))
        else:
            outcome = protocol.parse_prepare(answer)
        if isinstance(outcome, o.InvalidInput):
            return Change(None, completion=Completion("failed", outcome.code, outcome.message))
        if not isinstance(outcome, o.Prepared):
            judge(desk, target, outcome)
            return Change(delay(lease.tries, FIRST_SECONDS, MOST_SECONDS), expected=False)
    return None

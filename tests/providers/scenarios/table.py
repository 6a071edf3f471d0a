"""The scenarios: what can happen to a job at any provider, and what its adapter must make of it."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

import httpx
import pytest
from providers.outcomes import (
    Absent,
    Accepted,
    BadCredentials,
    CancelAccepted,
    Cancelled,
    Failed,
    Found,
    Gone,
    InvalidInput,
    Moderated,
    NextPage,
    OutOfQuota,
    Succeeded,
    Throttled,
    Unknown,
)
from scenarios.stage import Stage, receiver

Scenario = Callable[[Stage], Awaitable[None]]
WAIT = 7.0


async def success(stage: Stage) -> None:
    """Accepted, followed to its end, and every output can be fetched."""
    found = await stage.finish(stage.subject.submission)
    assert isinstance(found, Succeeded), found
    assert found.outputs
    for output in found.outputs:
        if output.content is not None:
            assert output.content
            continue
        answer = await stage.fetch(output.url)
        assert answer.status == 200
        assert answer.body
    assert len(await stage.accepted()) == 1


async def failure(stage: Stage) -> None:
    """The provider's own fault ends the job as failed, with a code and a reason."""
    found = await stage.finish(stage.subject.saying("[sim:fail]"))
    assert isinstance(found, Failed), found
    assert found.code


async def moderation(stage: Stage) -> None:
    """A refusal by the content policy is told apart from a failure."""
    found = await stage.finish(stage.subject.saying("[sim:moderated]"))
    assert isinstance(found, Moderated), found


async def throttle(stage: Stage) -> None:
    """Too many requests: nothing is accepted, the wait is read; a throttled poll says nothing of the job."""
    await stage.turn(status_code_next=429, retry_after_seconds=WAIT)
    assert await stage.submit(stage.subject.submission) == Throttled(WAIT)
    assert await stage.accepted() == []
    outcome = await stage.submit(stage.subject.submission)
    if isinstance(outcome, Accepted):
        await stage.turn(poll_status_code_next=429)
        assert await stage.ask(outcome.job_id) == Throttled(WAIT)
        assert isinstance(await stage.end(outcome.job_id), Succeeded)


async def quota(stage: Stage) -> None:
    """An account without money is not throttling: waiting doesn't help."""
    await stage.turn(out_of_quota_next=1)
    outcome = await stage.submit(stage.subject.submission)
    assert isinstance(outcome, OutOfQuota), outcome
    assert await stage.accepted() == []


async def bad_credentials(stage: Stage) -> None:
    """A wrong key is named as such, on a submit and on a poll, and says nothing of the job."""
    outcome = await stage.submit(stage.subject.submission, stage.bad)
    assert isinstance(outcome, BadCredentials), outcome
    assert await stage.accepted() == []
    if stage.subject.unknown_id:
        asked = await stage.ask(stage.subject.unknown_id, stage.bad)
        assert isinstance(asked, BadCredentials), asked


async def invalid_input(stage: Stage) -> None:
    """Input that the provider refuses is the customer's to mend."""
    outcome = await stage.finish(stage.subject.invalid)
    assert isinstance(outcome, InvalidInput), outcome
    assert outcome.message


async def unknown_model(stage: Stage) -> None:
    """A model that the provider doesn't know is a definite refusal: nothing runs."""
    outcome = await stage.submit(replace(stage.subject.submission, model="no-such-model-0"))
    assert isinstance(outcome, Failed | InvalidInput | BadCredentials), outcome
    assert await stage.accepted() == []


async def lost_answer(stage: Stage) -> None:
    """A submit whose answer is lost is found again, repeated without a second job, or stays unknown."""
    since = int(time.time()) - 1
    await stage.turn(status_code_next=500)
    assert isinstance(await stage.submit(stage.subject.submission), Unknown)
    await stage.turn(drop_answer_next=1)
    with pytest.raises(httpx.TransportError):
        await stage.submit(stage.subject.submission)
    assert len(await stage.accepted()) == 1
    if stage.spoken.capabilities.idempotent_submit:
        assert isinstance(await stage.finish(stage.subject.submission), Succeeded)
    found = await _look_up(stage, stage.subject.submission.correlation, since)
    assert isinstance(found, Found) is stage.spoken.capabilities.lookup
    if isinstance(found, Found):
        assert isinstance(await stage.end(found.job_id), Succeeded)
        assert await _look_up(stage, "never-sent", since) == Absent()
    assert len(await stage.accepted()) == 1


async def cancel(stage: Stage) -> None:
    """A job that waits can be cancelled, and the next polls say so."""
    job_id = await stage.job(stage.subject.saying("[sim:queued]"))
    request = stage.spoken.cancel(stage.base, await stage.signed_in(stage.good), job_id)
    assert request is not None
    assert stage.spoken.parse_cancel(await stage.send(request)) == CancelAccepted()
    assert isinstance(await stage.end(job_id), Cancelled | Gone)


async def late_webhook(stage: Stage) -> None:
    """A webhook that comes after the poll is proved where it is signed, and names the same job."""
    async with receiver() as posted:
        keys = await stage.subject.webhook_keys(stage, posted.url)
        await stage.turn(webhooks="delay", webhook_delay_seconds=0.3)
        job_id = await stage.job(replace(stage.subject.submission, callback_url=posted.url))
        assert isinstance(await stage.end(job_id), Succeeded)
        signed, seen, final = stage.spoken.capabilities.signed_webhooks, 0, False
        while not final:
            headers, body = await posted.next(seen)
            seen, now = seen + 1, int(time.time())
            proof = stage.spoken.prove_webhook(headers, body, keys, now)
            assert proof == ("signed" if signed else "unsigned")
            if signed:
                assert stage.spoken.prove_webhook(headers, body + b" ", keys, now) == "forged"
                assert stage.spoken.prove_webhook(headers, body, keys, now + 3600) == "forged"
            hint = stage.spoken.read_webhook(headers, body)
            assert hint.job_id is not None
            assert stage.spoken.job_of(stage.subject.submission.model, hint.job_id) == job_id
            final = hint.final


async def expired_link(stage: Stage) -> None:
    """A result whose link has run out is refused; a poll gives a fresh link, or shows that it is gone."""
    job_id = await stage.job(stage.subject.submission)
    found = await stage.end(job_id)
    assert isinstance(found, Succeeded), found
    await stage.expire_links()
    assert 400 <= (await stage.fetch(found.outputs[0].url)).status < 500
    again = await stage.ask(job_id)
    fresh = stage.subject.expired_link == "fresh"
    if isinstance(again, Succeeded):
        assert ((await stage.fetch(again.outputs[0].url)).status == 200) is fresh
    else:
        assert isinstance(again, Gone | Failed), again
        assert not fresh


async def unknown_id(stage: Stage) -> None:
    """A job that the provider doesn't know is gone, in the provider's own words."""
    found = await stage.ask(stage.subject.unknown_id)
    assert isinstance(found, Gone), found


async def _look_up(stage: Stage, correlation: str, since: int) -> object:
    credential = await stage.signed_in(stage.good)
    found: object = NextPage()
    page = 0
    while found == NextPage():
        page += 1
        model = stage.subject.submission.model
        request = stage.spoken.lookup(stage.base, credential, model, since, page)
        if request is None:
            return None
        found = stage.spoken.parse_lookup(await stage.send(request), correlation, since)
    return found


SCENARIOS: Final[dict[str, Scenario]] = {
    each.__name__: each
    for each in (
        success, failure, moderation, throttle, quota, bad_credentials, invalid_input, unknown_model,
        lost_answer, cancel, late_webhook, expired_link, unknown_id,
    )
}  # fmt: skip

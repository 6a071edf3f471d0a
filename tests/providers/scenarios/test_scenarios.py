"""Every scenario at every adapter, through real sockets; and docs/providers.md says exactly that."""

from collections.abc import AsyncIterator

import httpx
import pytest
from providers.adapter import adapter, protocols
from providers.outcomes import Progress, Succeeded
from scenarios import docs
from scenarios.stage import Stage
from scenarios.subject import Subject
from scenarios.subjects import SUBJECTS
from scenarios.table import SCENARIOS

ROWS = [
    pytest.param(subject, name, id=f"{subject.protocol}-{name}")
    for subject in SUBJECTS.values()
    for name in SCENARIOS
    if name not in subject.impossible
]


@pytest.fixture
async def http(simulator: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=30) as client:
        await client.post(f"{simulator}/_control/reset")
        yield client


@pytest.mark.parametrize(("subject", "name"), ROWS)
async def test_the_adapter_makes_of_it_what_it_is(
    simulator: str, http: httpx.AsyncClient, subject: Subject, name: str
) -> None:
    await SCENARIOS[name](Stage(simulator, http, subject))


TOGETHER = [name for name in SUBJECTS if adapter(name).capabilities.poll_many]


@pytest.mark.parametrize("protocol", TOGETHER)
async def test_jobs_asked_for_together_are_told_of_together(
    simulator: str, http: httpx.AsyncClient, protocol: str
) -> None:
    stage = Stage(simulator, http, SUBJECTS[protocol])
    waiting = await stage.job(stage.subject.saying("[sim:queued]", correlation="corr-waiting"))
    finished = await stage.job(stage.subject.submission)
    await stage.end(finished)
    ids = [waiting, stage.subject.unknown_id, finished]
    request = stage.spoken.poll_many(stage.base, await stage.signed_in(stage.good), ids)
    assert request is not None
    told = stage.spoken.parse_poll_many(await stage.send(request))
    assert told[waiting] == Progress("queued")
    if finished in told:  # where only the queue is asked, what has left it is asked for alone
        assert isinstance(told[finished], Succeeded)
    assert told.keys() <= {waiting, finished}


def test_every_adapter_is_in_the_table() -> None:
    assert sorted(SUBJECTS) == sorted(protocols())


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_what_cannot_occur_has_a_reason_and_agrees_with_the_adapter(subject: Subject) -> None:
    assert set(subject.impossible) <= set(SCENARIOS)
    assert all(len(reason.split()) >= 3 for reason in subject.impossible.values())
    offered = adapter(subject.protocol).capabilities
    assert ("cancel" in subject.impossible) is not offered.cancel
    assert ("late_webhook" in subject.impossible) is not offered.webhooks


def test_the_page_of_the_providers_is_what_the_tests_say() -> None:
    assert docs.PAGE.read_text("utf-8") == docs.page(), "run `make providers-doc`"

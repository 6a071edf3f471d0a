"""What some protocols need of the dispatcher: sign-ins, answers at once, results as bytes."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from dispatcher_tools import SEEDANCE, UNCERTAIN, Dispatcher, cancel, frozen, requested, until
from providers import adapter as registry
from providers import outcomes as o
from providers.basics import Basics
from providers.capabilities import Capabilities
from providers.http import HttpRequest, HttpResponse
from providers.job import Credential, Submission
from runtime.objects.errors import ObjectStoreError

pytestmark = pytest.mark.stack


class Instant(Basics):
    """A protocol without jobs: signs in, submits, has the bytes in the answer."""

    name = "ark"  # takes the place of the catalog's route
    capabilities = Capabilities(
        webhooks=False,
        lookup=False,
        idempotent_submit=False,
        cancel=False,
        cancel_deletes_finished=False,
        min_poll_seconds=1.0,
        result_seconds=0,
    )

    def sign_in(self, base_url: str, credential: Credential, _: int) -> HttpRequest | None:
        return HttpRequest("POST", f"{base_url}/token", {"Authorization": credential.secret})

    def parse_sign_in(self, response: HttpResponse) -> o.SignInOutcome:
        if response.status == 401:
            return o.BadCredentials("no such account")
        return o.SignedIn(response.body.decode(), 3600)

    def submit(self, base_url: str, credential: Credential, _: Submission) -> HttpRequest:
        return HttpRequest("POST", f"{base_url}/make", {"Authorization": credential.secret})

    def parse_submit(self, response: HttpResponse) -> o.SubmitOutcome:
        if response.status == 401:
            return o.BadCredentials("the token has ended")
        outputs = (
            o.Output("image", None, "", "image/png", content=response.body),
            o.Output("text", None, "http://elsewhere/2"),
        )
        return o.Succeeded(outputs, o.Usage())


@dataclass
class Place:
    """A provider that signs in and answers at once."""

    url: str = ""
    sign_ins: list[str] = field(default_factory=list)
    good: set[str] = field(default_factory=set)
    made: int = 0
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while answers aren't held back."""

    async def asked(self) -> int:
        return self.made


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    made = Place()
    made.hold.set()

    async def token(request: web.Request) -> web.Response:
        secret = request.headers["Authorization"]
        if secret == "bad-key":
            return web.Response(status=401)
        made.sign_ins.append(secret)
        made.good = {f"token-{len(made.sign_ins)}"}
        await asyncio.sleep(0.05)
        return web.Response(text=f"token-{len(made.sign_ins)}")

    async def make(request: web.Request) -> web.Response:
        good = request.headers["Authorization"] in made.good
        made.made += 1
        await made.hold.wait()
        return web.Response(body=b"\x89PNG bytes") if good else web.Response(status=401)

    app = web.Application()
    app.router.add_post("/token", token)
    app.router.add_post("/make", make)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


@pytest.fixture(autouse=True)
def instant(monkeypatch: pytest.MonkeyPatch) -> None:
    made: Any = Instant()  # it is never asked for a job
    monkeypatch.setitem(registry._ADAPTERS, "ark", made)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """What was put into object storage."""
    found: dict[str, bytes] = {}

    async def put(_: Any, key: str, content_type: str, body: bytes) -> None:
        assert content_type == "image/png"
        found[key] = body

    monkeypatch.setattr("runtime.objects.direct_put.DirectPut.__call__", put)
    return found


async def test_bytes_in_an_answer_are_kept_and_named_by_reference(
    dispatcher: Dispatcher, place: Place, kept: dict[str, bytes]
) -> None:
    await dispatcher.start(ark={"base_url": place.url})
    task = await dispatcher.accept(model=SEEDANCE)
    done = await dispatcher.completed(task)
    key = f"inbox/{task}/1/0"
    assert kept == {key: b"\x89PNG bytes"}
    assert [each["url"] for each in done["outputs"]] == [f"object://bucket/{key}", "http://elsewhere/2"]
    (attempt,) = await dispatcher.attempts(task)
    assert (attempt["status"], attempt["provider_job_id"]) == ("succeeded", attempt["correlation"])


@pytest.mark.usefixtures("kept")
async def test_an_answer_at_once_counts_although_the_task_was_to_be_stopped_meanwhile(
    dispatcher: Dispatcher, place: Place
) -> None:
    place.hold.clear()
    await dispatcher.start(ark={"base_url": place.url})
    request = requested()
    await dispatcher.apply(request, frozen(request))
    await until(place.asked)
    await dispatcher.apply(cancel(request))
    place.hold.set()
    assert (await dispatcher.completed(request.task_id))["outcome"] == "succeeded"
    (attempt,) = await dispatcher.attempts(request.task_id)
    assert (attempt["sends"], attempt["status"], attempt["orphan"]) == (1, "succeeded", None)


async def test_bytes_that_can_not_be_kept_are_not_asked_for_twice(
    dispatcher: Dispatcher, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> None:
        raise ObjectStoreError("unreachable", "no store")

    monkeypatch.setattr("runtime.objects.direct_put.DirectPut.__call__", fail)
    await dispatcher.start(ark={"base_url": place.url}, **UNCERTAIN)
    task = await dispatcher.accept(model=SEEDANCE)
    done = await dispatcher.completed(task)
    assert (done["outcome"], done["error_code"]) == ("failed", "provider_outcome_unknown")
    (attempt,) = await dispatcher.attempts(task)
    assert (attempt["sends"], attempt["orphan"]) == (1, "suspected")


@pytest.mark.usefixtures("kept")
async def test_one_sign_in_serves_all_who_come_at_the_same_moment(
    dispatcher: Dispatcher, place: Place
) -> None:
    await dispatcher.start(ark={"base_url": place.url})
    tasks = [await dispatcher.accept(f"street {n}") for n in range(8)]
    for task in tasks:
        assert (await dispatcher.completed(task))["outcome"] == "succeeded"
    assert place.sign_ins == ["sim-key"]


@pytest.mark.usefixtures("kept")
async def test_a_token_that_the_provider_no_longer_takes_is_replaced(
    dispatcher: Dispatcher, place: Place
) -> None:
    keys = [{"id": "a", "secret": "one"}, {"id": "b", "secret": "two"}]
    await dispatcher.start(ark={"base_url": place.url, "credentials": keys})
    await dispatcher.completed(await dispatcher.accept())
    place.good = set()
    assert (await dispatcher.completed(await dispatcher.accept()))["outcome"] == "succeeded"
    assert len(place.sign_ins) == 2


@pytest.mark.usefixtures("kept")
async def test_a_credential_that_can_not_sign_in_gives_way_to_another(
    dispatcher: Dispatcher, place: Place
) -> None:
    keys = [{"id": "old", "secret": "bad-key"}, {"id": "new", "secret": "good"}]
    await dispatcher.start(ark={"base_url": place.url, "credentials": keys})
    tasks = [await dispatcher.accept(f"street {n}") for n in range(6)]
    assert {(await dispatcher.completed(task))["credential_id"] for task in tasks} == {"new"}

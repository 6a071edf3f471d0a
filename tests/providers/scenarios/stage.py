"""One adapter before the simulator: sends what it builds over real sockets, turns the simulator's dials."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from aiohttp import web
from providers.adapter import adapter
from providers.http import HttpRequest, HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import Accepted, AskNext, PollOutcome, Prepared, Progress, SignedIn
from scenarios.subject import Subject

PATIENCE_SECONDS = 30.0
MOST_STEPS = 3


class Stage:
    """A subject with the simulator behind it."""

    def __init__(self, url: str, http: httpx.AsyncClient, subject: Subject) -> None:
        self.subject, self.spoken = subject, adapter(subject.protocol)
        self.url, self.base = url, url + subject.base
        self.http = http
        self.good, self.bad = self._addressed(subject.good), self._addressed(subject.bad)

    def _addressed(self, credential: Credential) -> Credential:
        return replace(credential, secret=credential.secret.replace("SIMULATOR", self.url))

    async def turn(self, **dials: Any) -> None:
        """Set dials of this provider."""
        answer = await self.http.put(f"{self.url}/_control/settings", json={self.subject.provider: dials})
        assert answer.status_code == 200, answer.text

    async def accepted(self) -> list[dict[str, Any]]:
        """The jobs that the provider has taken, and would bill."""
        answer = await self.http.get(f"{self.url}/_control/log", params={"provider": self.subject.provider})
        jobs: list[dict[str, Any]] = answer.json()["jobs"]
        return jobs

    async def expire_links(self) -> None:
        """Let every link given out so far be past its time."""
        await self.http.post(f"{self.url}/_control/expire", params={"provider": self.subject.provider})

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send a request as it stands. Raises httpx.TransportError when the connection breaks."""
        answer = await self.http.request(
            request.method, request.url, headers=request.headers, content=request.body
        )
        return HttpResponse(answer.status_code, dict(answer.headers), answer.content, request.url)

    async def signed_in(self, credential: Credential) -> Any:
        """The credential to send, or the outcome that says why there is none."""
        request = self.spoken.sign_in(self.base, credential, int(time.time()))
        if request is None:
            return credential
        outcome = self.spoken.parse_sign_in(await self.send(request))
        return replace(credential, secret=outcome.secret) if isinstance(outcome, SignedIn) else outcome

    async def submit(self, submission: Submission, credential: Credential | None = None) -> Any:
        """Submit with inputs fetched, and read the answer."""
        sent_as = await self.signed_in(credential or self.good)
        if not isinstance(sent_as, Credential):
            return sent_as
        fetched = dict.fromkeys(self.spoken.inputs_to_fetch(submission), self.subject.file)
        ready = replace(submission, fetched=fetched)
        for request in self.spoken.prepare(self.base, sent_as, ready):
            prepared = self.spoken.parse_prepare(await self.send(request))
            if not isinstance(prepared, Prepared):
                return prepared
        request = self.spoken.submit(self.base, sent_as, ready)
        return self.spoken.parse_submit(await self.send(request))

    async def job(self, submission: Submission) -> str:
        """Submit, and be given a job id."""
        outcome = await self.submit(submission)
        assert isinstance(outcome, Accepted), outcome
        return outcome.job_id

    async def ask(self, job_id: str, credential: Credential | None = None) -> PollOutcome | Any:
        """One poll, with all its steps."""
        sent_as = await self.signed_in(credential or self.good)
        if not isinstance(sent_as, Credential):
            return sent_as
        step = ""
        for _ in range(MOST_STEPS):
            response = await self.send(self.spoken.poll(self.base, sent_as, job_id, step))
            answer = self.spoken.parse_poll(response, step)
            if not isinstance(answer, AskNext):
                return answer
            step = answer.step
        raise AssertionError(f"a poll of more than {MOST_STEPS} steps")

    async def end(self, job_id: str) -> Any:
        """Poll until the job is final."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            found = await self.ask(job_id)
            if not isinstance(found, Progress):
                return found
            await asyncio.sleep(0.03)
        raise AssertionError(f"{job_id} did not finish")

    async def finish(self, submission: Submission) -> Any:
        """Submit, and the final outcome, which a protocol without jobs gives at once."""
        outcome = await self.submit(submission)
        return await self.end(outcome.job_id) if isinstance(outcome, Accepted) else outcome

    async def fetch(self, url: str) -> HttpResponse:
        """Download an output."""
        sent_as = await self.signed_in(self.good)
        return await self.send(self.spoken.fetch(self.base, sent_as, url))


@dataclass
class Receiver:
    """What providers post to us: (headers with lower-case names, raw body), in order."""

    url: str = ""
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        """Note a post and answer 200."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.posts.append((headers, await request.read()))
        self._news.set()
        return web.Response()

    async def next(self, seen: int) -> tuple[dict[str, str], bytes]:
        """The post after the first `seen` ones, as soon as it is there."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.posts) <= seen:
                self._news.clear()
                await self._news.wait()
        return self.posts[seen]


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """A server for webhooks, for as long as it is needed."""
    noted = Receiver()
    app = web.Application()
    app.router.add_post("/hook", noted.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    noted.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield noted
    await runner.cleanup()

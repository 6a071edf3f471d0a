"""The door of every submit: waits and faults first, then the provider's own checks, then the job."""

import asyncio
import random
import string
from collections.abc import Callable, Mapping

from simulator.jobs import ORDERED_OUTCOMES, Job, JobStore
from simulator.knobs import ControlPanel
from simulator.provider import Provider
from simulator.runner import JobRunner
from simulator.web import Handler, ProviderError, base_url, cut, endless, repeat
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

LONGEST_HOLD_SECONDS = 15.0
_ALPHABET = string.ascii_lowercase + string.digits


class Intake:
    """Holds what the providers share."""

    def __init__(
        self, *, panel: ControlPanel, store: JobStore, runner: JobRunner, public_url: str | None
    ) -> None:
        self.panel, self.store, self.runner = panel, store, runner
        self._public_url = public_url

    def endpoint(self, provider: Provider, handler: Handler) -> Handler:
        """`handler` with refusals in the provider's shape."""

        async def guarded(request: Request) -> Response:
            try:
                return await handler(request)
            except ProviderError as error:
                answer = provider.refuse(error)
                answer.headers.update(error.headers)
                return answer

        return guarded

    def polling(self, provider: Provider, handler: Handler) -> Handler:
        """An endpoint that reads, and that `poll_status_code_next` can make fail."""

        async def faulty(request: Request) -> Response:
            knobs = self.panel.providers[provider.name]
            self._fail_if_told(provider, "poll_status_code_next")
            self._refuse_if_due(provider, {"poll_error": 500, "poll_rate_limited": 429})
            if knobs.take("poll_cut"):
                return await cut(request)
            return endless() if knobs.take("poll_endless") else await handler(request)

        return self.endpoint(provider, faulty)

    def base_url(self, request: Request) -> str:
        """Where links to results point."""
        return base_url(request, self._public_url)

    async def submit(
        self,
        request: Request,
        provider: Provider,
        make: Callable[[], Job],
        answer: Callable[[Job], Response],
        *,
        wait_seconds: float = 0.0,
    ) -> Response:
        """Accept the job that `make` returns (it raises ProviderError to refuse) and answer.

        `wait_seconds`: for so long the answer waits for the job's end.
        """
        knobs = self.panel.providers[provider.name]
        if knobs.accept_delay_seconds:
            await asyncio.sleep(knobs.accept_delay_seconds)
        self._fail_if_told(provider, "status_code_next")
        self._refuse_if_due(provider, {"server_error": 503, "rate_limited": 429})
        if knobs.take("out_of_quota"):
            raise provider.quota()
        if knobs.take("drop_request"):
            return await cut(request)
        job = make()
        job.path = request.url.path
        job.correlation = job.correlation or request.headers.get("idempotency-key")
        job.plan(knobs.delay_seconds)
        for fault, outcome in ORDERED_OUTCOMES.items():
            if knobs.take(fault):
                job.outcome = outcome
        self.runner.accept(job)
        return await self._answer(request, provider, job, answer, wait_seconds)

    async def _answer(
        self,
        request: Request,
        provider: Provider,
        job: Job,
        answer: Callable[[Job], Response],
        wait_seconds: float,
    ) -> Response:
        """What the client hears of a job that is accepted, whatever comes of it."""
        knobs = self.panel.providers[provider.name]
        if knobs.take("drop_answer"):
            return await cut(request)
        self._refuse_if_due(provider, {"error_after_accept": 502})
        if knobs.take("endless_answer"):
            return endless()
        if wait_seconds:
            await self.runner.finished(job, wait_seconds)
        if knobs.take("answer_after_webhook"):
            await self.runner.announced(job, LONGEST_HOLD_SECONDS)
        response = answer(job)
        if knobs.submit_delay_seconds:
            await asyncio.sleep(knobs.submit_delay_seconds)
        if knobs.take("answer_twice"):
            response.background = BackgroundTask(repeat, request, response)
        return response

    def _refuse_if_due(self, provider: Provider, faults: Mapping[str, int]) -> None:
        knobs = self.panel.providers[provider.name]
        for fault, status in faults.items():
            if knobs.take(fault):
                raise self._refusal(provider, status, at_least=1.0)

    def _fail_if_told(self, provider: Provider, knob: str) -> None:
        status = self.panel.providers[provider.name].take_status(knob)
        if status is not None:
            raise self._refusal(provider, status)

    def _refusal(self, provider: Provider, status: int, *, at_least: float = 0.0) -> ProviderError:
        fault = provider.fault(status)
        seconds = self.panel.providers[provider.name].retry_after_seconds or at_least
        if status == 429 and seconds:
            fault.headers["retry-after"] = f"{seconds:g}"
        return fault

    def new_id(self, provider: str, prefix: str, length: int) -> str:
        """An id that this provider hasn't given out yet."""
        while True:
            job_id = prefix + "".join(random.choices(_ALPHABET, k=length))
            if not self.store.has(provider, job_id):
                return job_id

"""The door of every submit: waits and faults first, then the provider's own checks, then the job."""

import asyncio
import random
import string
from collections.abc import Callable

from simulator.jobs import Job, JobStore
from simulator.knobs import ControlPanel
from simulator.provider import Provider
from simulator.runner import JobRunner
from simulator.web import Handler, ProviderError, base_url, cut
from starlette.requests import Request
from starlette.responses import Response

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
            self._fail_if_told(provider, "poll_status_code_next")
            return await handler(request)

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
        if knobs.take("out_of_quota_next"):
            raise provider.quota()
        if knobs.take("drop_request_next"):
            return await cut(request)
        job = make()
        job.path = request.url.path
        job.plan(knobs.delay_seconds)
        if knobs.take("fail_next"):
            job.outcome = "fail"
        self.runner.accept(job)
        if knobs.take("drop_answer_next"):
            return await cut(request)
        if wait_seconds:
            await self.runner.finished(job, wait_seconds)
        response = answer(job)
        if knobs.submit_delay_seconds:
            await asyncio.sleep(knobs.submit_delay_seconds)
        return response

    def _fail_if_told(self, provider: Provider, knob: str) -> None:
        knobs = self.panel.providers[provider.name]
        status = knobs.take_status(knob)
        if status is None:
            return
        fault = provider.fault(status)
        if status == 429 and knobs.retry_after_seconds:
            fault.headers["retry-after"] = f"{knobs.retry_after_seconds:g}"
        raise fault

    def new_id(self, provider: str, prefix: str, length: int) -> str:
        """An id that this provider hasn't given out yet."""
        while True:
            job_id = prefix + "".join(random.choices(_ALPHABET, k=length))
            if not self.store.has(provider, job_id):
                return job_id

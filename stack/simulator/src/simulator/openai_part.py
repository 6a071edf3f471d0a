"""What OpenAI's APIs do alike: take a request in, and make a job of it."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from simulator.files import FileStore
from simulator.inputs import MediaInput
from simulator.intake import Intake
from simulator.jobs import Job
from simulator.openai_shape import FAILURES, Fields, authenticate, fields
from simulator.render.spec import Result
from simulator.web import ProviderError
from starlette.requests import Request
from starlette.responses import Response

WAIT_SECONDS = 600.0
"""How long a request waits for a result that is its answer: the SDK's own patience."""
_STATUS_OF_FAILURE = {"moderation_blocked": 400, "invalid_input": 400}


class Part(ABC):
    """One of the APIs: its endpoints, what its jobs make and what they would bill."""

    kind: ClassVar[str]
    """In the `params` of its jobs."""
    prefix: ClassVar[tuple[str, int]]
    """How its jobs' ids begin, and how many characters follow."""

    def __init__(self, intake: Intake, files: FileStore) -> None:
        self.intake, self.files = intake, files

    @abstractmethod
    def results(self, job: Job, image: bytes | None) -> list[Result]:
        """The files to make."""

    @abstractmethod
    def usage(self, job: Job) -> dict[str, Any]:
        """What would be billed."""

    async def take(
        self,
        request: Request,
        make: Callable[[Fields], Job],
        answer: Callable[[Job], Response],
        *,
        waits: bool = True,
    ) -> Response:
        """Check the key, read the fields, accept the job that is made of them, and answer."""
        authenticate(request)
        given = await fields(request)
        return await self.intake.submit(
            request,
            self.intake.runner.providers["openai"],
            lambda: make(given),
            answer,
            wait_seconds=WAIT_SECONDS if waits else 0.0,
        )

    def job(
        self,
        request: Request,
        model: str,
        prompt: str,
        params: dict[str, Any],
        *,
        look: str | None = None,
        inputs: Sequence[MediaInput] = (),
    ) -> Job:
        """A new job; without a look of its own it looks like no other."""
        job_id = self.intake.new_id("openai", *self.prefix)
        look = f"{prompt}|{job_id}" if look is None else look
        return Job(
            "openai", job_id, model, prompt, time.time(), self.intake.base_url(request),
            {"kind": self.kind, **params}, look, inputs=list(inputs),
        )  # fmt: skip


def result_or_error(job: Job) -> None:
    """Raises ProviderError if the job of a waiting request hasn't succeeded."""
    if job.state == "succeeded":
        return
    code, message = job.error or FAILURES["fail"]
    status = _STATUS_OF_FAILURE.get(code, 500)
    kind = "image_generation_user_error" if status == 400 else "server_error"
    raise ProviderError(status, code if status == 400 else "", message, details=[{"type": kind}])

"""Protocols without jobs: the answer to the submit is the result, or there is none."""

from typing import Final

from providers.basics import Basics
from providers.capabilities import Capabilities
from providers.errors import ProviderError
from providers.http import HttpRequest, HttpResponse
from providers.job import Credential
from providers.outcomes import PollOutcome, Unknown

AT_ONCE: Final = Capabilities(
    webhooks=False,
    lookup=False,
    idempotent_submit=False,
    cancel=False,
    cancel_deletes_finished=False,
    min_poll_seconds=1.0,
    result_seconds=3600,
)


class Synchronous(Basics):
    """There is nothing to poll: `parse_submit` never answers `Accepted`."""

    capabilities = AT_ONCE

    def poll(self, base_url: str, credential: Credential, job_id: str, step: str = "") -> HttpRequest:
        """Raises ProviderError (`no_jobs`)."""
        raise ProviderError("no_jobs", f"{self.name} has no jobs to ask for")

    def parse_poll(self, response: HttpResponse, step: str = "") -> PollOutcome:
        """Unknown: there is no poll."""
        del response, step
        return Unknown(f"{self.name} has no jobs")

"""The one shape of all provider protocols, and the registry of those that are spoken."""

from collections.abc import Mapping
from typing import Final, Protocol

from providers.capabilities import Capabilities
from providers.errors import UnknownProtocolError
from providers.http import HttpRequest, HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import CancelOutcome, LookupOutcome, PollOutcome, SubmitOutcome
from providers.protocols.ark import Ark
from providers.protocols.dashscope import DashScope
from providers.protocols.gemini import Gemini
from providers.webhook import WebhookHint


class Adapter(Protocol):
    """A provider protocol without I/O: builds requests, reads answers. Reading never raises."""

    @property
    def name(self) -> str:
        """The protocol's name in routes and settings."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What the protocol offers beyond submit and poll."""
        ...

    def inputs_to_fetch(self, submission: Submission) -> tuple[str, ...]:
        """URLs whose bytes the protocol wants inline: fetch them first, into `Submission.fetched`."""
        ...

    def submit(self, base_url: str, credential: Credential, submission: Submission) -> HttpRequest:
        """Build the submit. Raises ProviderError (`input_not_fetched`) if a named URL was not fetched."""
        ...

    def parse_submit(self, response: HttpResponse) -> SubmitOutcome:
        """Read the answer to a submit."""
        ...

    def poll(self, base_url: str, credential: Credential, job_id: str) -> HttpRequest:
        """Build the question for a job's state."""
        ...

    def parse_poll(self, response: HttpResponse) -> PollOutcome:
        """Read the answer to a poll."""
        ...

    def cancel(self, base_url: str, credential: Credential, job_id: str) -> HttpRequest | None:
        """Build the cancel of a job whose last poll said queued; None if the protocol has none."""
        ...

    def parse_cancel(self, response: HttpResponse) -> CancelOutcome:
        """Read the answer to a cancel."""
        ...

    def lookup(
        self, base_url: str, credential: Credential, model: str, since_epoch_seconds: int, page: int
    ) -> HttpRequest | None:
        """Build page 1, 2, … of the search for a job; None if the protocol has none."""
        ...

    def parse_lookup(
        self, response: HttpResponse, correlation: str, since_epoch_seconds: int
    ) -> LookupOutcome:
        """Read one page. Absent only when every job since then was seen."""
        ...

    def fetch(self, base_url: str, credential: Credential, output_url: str) -> HttpRequest:
        """Build the download of an output; credentials go only to the provider's own origin.

        Whoever follows a redirect to another origin must drop the headers.
        """
        ...

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> WebhookHint:
        """Read a webhook. Raises WebhookError."""
        ...


_ADAPTERS: Final[dict[str, Adapter]] = {each.name: each for each in (Ark(), DashScope(), Gemini())}


def adapter(protocol: str) -> Adapter:
    """The adapter of a protocol by name. Raises UnknownProtocolError."""
    try:
        return _ADAPTERS[protocol]
    except KeyError:
        known = ", ".join(_ADAPTERS)
        raise UnknownProtocolError(
            "unknown_protocol", f"no adapter for {protocol!r}; known: {known}"
        ) from None


def protocols() -> tuple[str, ...]:
    """The names of all protocols spoken."""
    return tuple(_ADAPTERS)

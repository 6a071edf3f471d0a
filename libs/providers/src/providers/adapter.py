"""The one shape of all provider protocols, and the registry of those that are spoken."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from providers.capabilities import Capabilities
from providers.errors import UnknownProtocolError
from providers.http import HttpRequest, HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import (
    CancelOutcome,
    LookupOutcome,
    PollAnswer,
    PollOutcome,
    PrepareOutcome,
    SignInOutcome,
    SubmitOutcome,
)
from providers.protocols.ark import Ark
from providers.protocols.comfyui import ComfyUI
from providers.protocols.dashscope import DashScope
from providers.protocols.fal import Fal
from providers.protocols.gemini import Gemini
from providers.protocols.gemini_interactions import GeminiInteractions
from providers.protocols.luma import Luma
from providers.protocols.openai_chat import OpenAIChat
from providers.protocols.openai_images import OpenAIImages
from providers.protocols.openai_speech import OpenAISpeech
from providers.protocols.openai_transcriptions import OpenAITranscriptions
from providers.protocols.openai_videos import OpenAIVideos
from providers.protocols.replicate import Replicate
from providers.protocols.runway import Runway
from providers.protocols.vertex import Vertex
from providers.webhook import Proof, WebhookHint


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

    def prepare(
        self, base_url: str, credential: Credential, submission: Submission
    ) -> tuple[HttpRequest, ...]:
        """Requests to be sent before the submit, in order: uploads. Repeating them does no harm.

        Raises ProviderError (`input_not_fetched`) if a named URL was not fetched.
        """
        ...

    def parse_prepare(self, response: HttpResponse) -> PrepareOutcome:
        """Read the answer to one of them. The submit follows only when all are `Prepared`."""
        ...

    def submit(self, base_url: str, credential: Credential, submission: Submission) -> HttpRequest:
        """Build the submit. Raises ProviderError (`input_not_fetched`) if a named URL was not fetched."""
        ...

    def parse_submit(self, response: HttpResponse) -> SubmitOutcome:
        """Read the answer to a submit."""
        ...

    def sign_in(self, base_url: str, credential: Credential, now_epoch_seconds: int) -> HttpRequest | None:
        """Build the exchange of a credential for a short-lived secret; None where there is none.

        The caller keeps what it gets until shortly before its end and passes it as the credential's secret.
        """
        ...

    def parse_sign_in(self, response: HttpResponse) -> SignInOutcome:
        """Read the answer to a sign-in."""
        ...

    def job_of(self, model: str, hinted: str) -> str:
        """The job id to ask for when a webhook about a job of this model named `hinted`."""
        ...

    def poll(self, base_url: str, credential: Credential, job_id: str, step: str = "") -> HttpRequest:
        """Build the question for a job's state; `step` is what an `AskNext` of this poll named."""
        ...

    def parse_poll(self, response: HttpResponse, step: str = "") -> PollAnswer:
        """Read the answer to a poll's step. A poll has at most three."""
        ...

    def poll_many(self, base_url: str, credential: Credential, job_ids: Sequence[str]) -> HttpRequest | None:
        """Build one question for up to `capabilities.poll_many` jobs; None where the protocol has none."""
        ...

    def parse_poll_many(self, response: HttpResponse) -> Mapping[str, PollOutcome]:
        """Job id to its state. A job that isn't there wasn't told of: it is asked for alone."""
        ...

    def cancel(self, base_url: str, credential: Credential, job_id: str) -> HttpRequest | None:
        """Build the cancel of a job; None if the protocol has none.

        The last poll said queued, or running where `capabilities.cancel_running` allows it.
        """
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

    def prove_webhook(
        self, headers: Mapping[str, str], body: bytes, keys: Sequence[str], now_epoch_seconds: int
    ) -> Proof:
        """Check a webhook's signature with any of the provider's keys, its time included."""
        ...


_SPOKEN: Final[tuple[Adapter, ...]] = (
    Ark(),
    ComfyUI(),
    DashScope(),
    Fal(),
    Gemini(),
    GeminiInteractions(),
    Replicate(),
    Vertex(),
    Luma(),
    Runway(),
    OpenAIChat(),
    OpenAIImages(),
    OpenAISpeech(),
    OpenAITranscriptions(),
    OpenAIVideos(),
)
_ADAPTERS: Final = {each.name: each for each in _SPOKEN}


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

"""What most protocols have in common: nothing to fetch, no cancel, no lookup, no webhook, no sign-in."""

from collections.abc import Mapping, Sequence

from providers.errors import WebhookError
from providers.http import HttpRequest, HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import (
    CancelOutcome,
    CancelRefused,
    LookupOutcome,
    PollOutcome,
    PrepareOutcome,
    SignInOutcome,
    Unknown,
)
from providers.reading import origin
from providers.webhook import Proof, WebhookHint


class Basics:
    """The absent parts of `adapter.Adapter`; a protocol overrides what it has."""

    name: str

    def inputs_to_fetch(self, submission: Submission) -> tuple[str, ...]:
        """None: the provider fetches URLs itself."""
        del submission
        return ()

    def prepare(
        self, base_url: str, credential: Credential, submission: Submission
    ) -> tuple[HttpRequest, ...]:
        """None: the submit carries everything."""
        del base_url, credential, submission
        return ()

    def parse_prepare(self, response: HttpResponse) -> PrepareOutcome:
        """Unknown: there is nothing to prepare."""
        del response
        return Unknown(f"{self.name} prepares nothing")

    def sign_in(self, base_url: str, credential: Credential, now_epoch_seconds: int) -> HttpRequest | None:
        """None: the credential's secret is sent itself."""
        del base_url, credential, now_epoch_seconds
        return None

    def parse_sign_in(self, response: HttpResponse) -> SignInOutcome:
        """Unknown: there is no sign-in."""
        del response
        return Unknown(f"{self.name} has no sign-in")

    def job_of(self, model: str, hinted: str) -> str:
        """The id itself: webhooks name jobs as submits do."""
        del model
        return hinted

    def poll_many(self, base_url: str, credential: Credential, job_ids: Sequence[str]) -> HttpRequest | None:
        """None: one question per job."""
        del base_url, credential, job_ids
        return None

    def parse_poll_many(self, response: HttpResponse) -> Mapping[str, PollOutcome]:
        """Nothing: there is no list to read."""
        del response
        return {}

    def cancel(self, base_url: str, credential: Credential, job_id: str) -> HttpRequest | None:
        """None: a job can't be cancelled."""
        del base_url, credential, job_id
        return None

    def parse_cancel(self, response: HttpResponse) -> CancelOutcome:
        """Refused: there is no cancel."""
        del response
        return CancelRefused(f"{self.name} has no cancel")

    def lookup(
        self, base_url: str, credential: Credential, model: str, since_epoch_seconds: int, page: int
    ) -> HttpRequest | None:
        """None: a lost job can't be found again."""
        del base_url, credential, model, since_epoch_seconds, page
        return None

    def parse_lookup(
        self, response: HttpResponse, correlation: str, since_epoch_seconds: int
    ) -> LookupOutcome:
        """Unknown: there is no lookup."""
        del response, correlation, since_epoch_seconds
        return Unknown(f"{self.name} has no lookup")

    def fetch(self, base_url: str, credential: Credential, output_url: str) -> HttpRequest:
        """GET the address as it stands: it needs no key."""
        del base_url, credential
        return HttpRequest("GET", output_url, {})

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> WebhookHint:
        """Refused: this provider calls nobody back."""
        del headers, body
        raise WebhookError("webhooks_unsupported", f"{self.name} sends no webhooks")

    def prove_webhook(
        self, headers: Mapping[str, str], body: bytes, keys: Sequence[str], now_epoch_seconds: int
    ) -> Proof:
        """Unsigned: only the address says where a webhook comes from."""
        del headers, body, keys, now_epoch_seconds
        return "unsigned"


def bearer_on_own_origin(base_url: str, credential: Credential, output_url: str) -> HttpRequest:
    """GET an output with the key where it is on the provider's own origin, without it anywhere else."""
    own = origin(output_url) is not None and origin(output_url) == origin(base_url)
    headers = {"Authorization": f"Bearer {credential.secret}"} if own else {}
    return HttpRequest("GET", output_url, headers)

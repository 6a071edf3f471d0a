"""What a provider protocol offers beyond submit and poll."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Facts of a protocol that decide how a job is followed and recovered."""

    webhooks: bool
    """It calls back: to the address in the submit, or see `webhook_per_job`."""
    lookup: bool
    """A job can be found again by its correlation."""
    idempotent_submit: bool
    """A repeated submit with the same correlation makes no second job."""
    cancel: bool
    """A queued job can be cancelled; a running one where `cancel_running` says so."""
    cancel_deletes_finished: bool
    """A cancel that comes too late deletes the finished job and its result: poll right before it."""
    min_poll_seconds: float
    """Never ask for the same job more often than this."""
    result_seconds: int
    """How long results stay available after success."""
    poll_many: int = 0
    """How many jobs one question may name; 0: one question per job."""
    cancel_running: bool = False
    """A running job can be cancelled too."""
    answer_bytes: int = 8 * 1024 * 1024
    """The longest answer that is read; more where the results' bytes are in it."""
    signed_webhooks: bool = False
    """Its webhooks carry a signature that `prove_webhook` checks."""
    webhook_per_job: bool = True
    """False: webhooks go to an endpoint registered once per account; a submit carries no address for them."""

    @property
    def calls_back(self) -> bool:
        """A job's own submit makes its webhooks come; nobody had to register anything before."""
        return self.webhooks and self.webhook_per_job

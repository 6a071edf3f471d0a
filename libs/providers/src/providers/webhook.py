"""What a provider's webhook may tell us: that there is news. The job's state is asked for, not believed."""

from dataclasses import dataclass
from typing import Literal

Proof = Literal["signed", "unsigned", "forged"]
"""What a webhook's signature says; `unsigned`: the protocol signs nothing, or we have no key for it."""


@dataclass(frozen=True, slots=True)
class WebhookHint:
    """News about a job. `final` is False only when the body plainly speaks of an unfinished job."""

    job_id: str | None
    final: bool

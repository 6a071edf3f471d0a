"""A task as the ledger sees it: what each fact said, the hold, the outcome. Amounts are micro-credits."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from contracts import codes

Settlement = Literal["settled", "released", "refused"]


@dataclass(frozen=True, slots=True)
class Request:
    """What `task.requested` said."""

    asset: str
    quote_micro: int
    requested_at: datetime
    deadline: datetime
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `provider.completed` said."""

    outcome: Literal["succeeded", "failed", "cancelled"]
    reason: str | None = None
    actual_micro: int | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """Credits set aside; `version` is the account's right after it."""

    held_micro: int
    lot: str
    frozen_at: datetime
    expires_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The money outcome; `version` is the account's right after it."""

    outcome: Settlement
    reason: str
    charged_micro: int
    returned_micro: int
    closed_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class Task:
    """One row: a nullable part per fact, in whatever order they arrive."""

    task_id: UUID
    account_id: UUID
    request: Request | None = None
    verdict: Verdict | None = None
    storage: Literal["stored", "failed"] | None = None
    hold: Hold | None = None
    outcome: Outcome | None = None

    def knowing(
        self,
        *,
        request: Request | None = None,
        verdict: Verdict | None = None,
        storage: Literal["stored", "failed"] | None = None,
        hold: Hold | None = None,
        outcome: Outcome | None = None,
    ) -> "Task":
        """The task with these parts as well; a part that is there stays."""
        return Task(
            self.task_id,
            self.account_id,
            self.request or request,
            self.verdict or verdict,
            self.storage or storage,
            self.hold or hold,
            self.outcome or outcome,
        )

    @property
    def answered(self) -> bool:
        """Whether the request has had its answer: a hold, or at once an outcome."""
        return self.hold is not None or self.outcome is not None

    @property
    def failure(self) -> str | None:
        """The reason why nothing will be charged, as far as facts have said so."""
        if self.verdict is not None and self.verdict.outcome == "cancelled":
            return codes.CANCELLED
        if self.verdict is not None and self.verdict.outcome == "failed":
            return self.verdict.reason or codes.PROVIDER_FAILED
        return codes.STORAGE_FAILED if self.storage == "failed" else None

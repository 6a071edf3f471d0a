"""A task whose results are to be copied: what is known of it, and what a try can come to. Pure."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storage.domain.copy import GiveUp
from storage.domain.media import MediaKind

OutputKind = MediaKind


@dataclass(frozen=True, slots=True)
class Output:
    """A result at the provider."""

    index: int
    kind: OutputKind
    role: str | None
    url: str


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The fact that a provider has finished a task."""

    task_id: UUID
    account_id: UUID
    attempt: int
    outputs: tuple[Output, ...]
    derive: tuple[str, ...]
    provider: str | None
    protocol: str | None
    provider_job_id: str | None
    credential_id: str | None
    deadline: datetime
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class Deleted:
    """The fact that a task's results are to be forgotten."""

    task_id: UUID
    account_id: UUID
    deleted_at: datetime


Fact = Succeeded | Deleted


@dataclass(frozen=True, slots=True)
class LastFault:
    """Why the newest try failed, and how many in a row did so for that reason."""

    code: str
    count: int


@dataclass(frozen=True, slots=True)
class Task:
    """The fact as it was written down, with what became of it; ``now`` is when it was read."""

    fact: Succeeded
    fault: LastFault | None
    ended: bool
    now: datetime

    @property
    def task_id(self) -> UUID:
        """The task."""
        return self.fact.task_id

    def faults(self, code: str) -> int:
        """How many tries in a row have failed for this reason, counting the one that just did."""
        return 1 + (self.fault.count if self.fault is not None and self.fault.code == code else 0)


@dataclass(frozen=True, slots=True)
class StoredCopy:
    """One object in storage, as it is written down and told."""

    index: int
    kind: OutputKind
    role: str | None
    object_key: str
    link_token: str
    file_name: str
    content_type: str
    size_bytes: int
    sha256: str
    width: int | None
    height: int | None
    duration_ms: int | None
    has_audio: bool | None


@dataclass(frozen=True, slots=True)
class Stored:
    """All of a task's files are in storage."""

    copies: tuple[StoredCopy, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """How a task ended, as storage has said before it was set back."""

    task: Succeeded
    result: Stored | GiveUp

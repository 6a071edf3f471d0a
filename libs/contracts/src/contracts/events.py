"""Every event that crosses a service boundary, one model per topic.

Add-only within a major version: a field may be added with a default, never renamed, removed or narrowed;
unknown fields are ignored; readers are upgraded before writers. Amounts are micro-credits, times are UTC.
"""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

MAX_BIGINT = 2**63 - 1
Asset = Literal["credit", "test"]
Kind = Literal["video", "image", "audio", "subtitle", "mesh", "text"]


class Event(BaseModel):
    """Base of all events: immutable, unknown fields ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Balance(Event):
    """An account's balance of one asset right after the change that the event tells of."""

    available_micro: int = Field(ge=0, le=MAX_BIGINT)
    held_micro: int = Field(ge=0, le=MAX_BIGINT)
    version: int = Field(ge=1)


class TaskRequested(Event):
    """A task was accepted by the gateway."""

    task_id: UUID
    account_id: UUID
    asset: Asset
    model: str
    input: dict[str, Any]
    derive: list[str] = []
    quote_micro: int = Field(ge=0, le=MAX_BIGINT)
    price_rule: dict[str, Any]
    requested_at: datetime
    deadline: datetime
    surface: str
    key_id: UUID | None
    request_id: str
    idempotency_key: str | None = None
    fingerprint: str | None = None
    repeat: int = Field(default=1, ge=1, description="1 at first; a repeat asks for the answer again")
    metadata: dict[str, str] | None = None
    webhook_url: str | None = None
    order: list[UUID] = Field(
        default=[], description="With the first task of a request with an idempotency key: all its tasks"
    )
    answer: str | None = Field(default=None, description="What that request was answered, to the byte")


class TaskCancelRequested(Event):
    """Somebody wants a task stopped; what comes of it is the dispatcher's word."""

    task_id: UUID
    account_id: UUID
    requested_at: datetime
    reason: Literal["client", "deadline", "operator"] = "client"


class TaskDeleted(Event):
    """A final task was deleted: whoever keeps its input or outputs, or what was said of them, forgets it."""

    task_id: UUID
    account_id: UUID
    deleted_at: datetime
    reason: Literal["client", "retention", "operator"] = "client"


class CreditsGranted(Event):
    """Credits to add to an account or, with a negative amount, to take back."""

    grant_id: UUID
    account_id: UUID
    asset: Asset
    amount_micro: int = Field(ge=-MAX_BIGINT, le=MAX_BIGINT)
    kind: Literal["topup", "plan", "promotion", "refund", "adjustment"]
    reason: str
    granted_at: datetime


class CreditsFrozen(Event):
    """The hold stands."""

    task_id: UUID
    account_id: UUID
    asset: Asset
    held_micro: int = Field(ge=0, le=MAX_BIGINT)
    deadline: datetime
    expires_at: datetime
    frozen_at: datetime
    requested_at: datetime | None = None
    balance: Balance


class TaskSettled(Event):
    """The money outcome of a task: exactly one of settled, released, refused (nothing was frozen)."""

    task_id: UUID
    account_id: UUID
    asset: Asset
    outcome: Literal["settled", "released", "refused"]
    reason: str
    charged_micro: int = Field(ge=0, le=MAX_BIGINT)
    returned_micro: int = Field(ge=0, le=MAX_BIGINT)
    settled_at: datetime
    quote_micro: int | None = Field(default=None, ge=0, le=MAX_BIGINT)
    requested_at: datetime | None = None
    deadline: datetime | None = None
    balance: Balance | None = Field(description="None when the account never existed")


class CreditsChanged(Event):
    """A balance moved for a reason other than a task."""

    account_id: UUID
    asset: Asset
    change_id: UUID
    change_micro: int = Field(ge=-MAX_BIGINT, le=MAX_BIGINT)
    kind: str
    reason: str
    written_off_micro: int = Field(default=0, ge=0)
    changed_at: datetime
    granted_at: datetime | None = None
    balance: Balance


class ProviderReported(Event):
    """A provider's webhook arrived. References only: nothing in it is to be believed."""

    webhook_id: UUID
    provider: str
    account_id: UUID | None
    task_id: UUID | None
    attempt: int | None
    provider_job_id: str | None
    final: bool = Field(description="False only when the body plainly speaks of an unfinished job")
    received_at: datetime


class TaskProgress(Event):
    """Where a task stands on the provider's side."""

    task_id: UUID
    account_id: UUID
    attempt: int
    state: Literal["submitted", "queued", "processing"]
    percent: int | None = Field(default=None, ge=0, le=100)
    provider: str
    protocol: str | None = None
    provider_model: str | None = None
    credential_id: str | None = None
    provider_job_id: str | None = None
    cost_rule: dict[str, Any] | None = None
    at: datetime


class Output(Event):
    """A result at the provider and what is needed to fetch it."""

    index: int
    kind: Kind
    role: str | None = None
    url: str = Field(description="http(s), or object://bucket/key: bytes that came in a provider's answer")
    content_type: str | None = None


class ProviderCompleted(Event):
    """The final word on the provider side of a task."""

    task_id: UUID
    account_id: UUID
    attempt: int = Field(ge=0, description="0 when no attempt was ever made")
    outcome: Literal["succeeded", "failed", "cancelled"]
    model: str | None
    outputs: list[Output] = []
    derive: list[str] = []
    provider: str | None = None
    protocol: str | None = None
    provider_model: str | None = None
    provider_job_id: str | None = None
    credential_id: str | None = None
    actual_micro: int | None = Field(default=None, ge=0, le=MAX_BIGINT)
    cost_micro: int | None = Field(
        default=None,
        ge=0,
        le=MAX_BIGINT,
        description="what the provider bills us; None if unknown",
    )
    error_code: str | None = None
    error_message: str | None = None
    deadline: datetime | None = None
    completed_at: datetime


class StoredAsset(Event):
    """One object in the operator's storage, checksummed and probed."""

    index: int
    kind: Kind
    role: str | None = None
    bucket: str
    object_key: str
    link_token: str
    file_name: str
    content_type: str
    size_bytes: int
    sha256: str
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    has_audio: bool | None = None


class AssetStored(Event):
    """A task's results are in object storage, all of them, or can't be stored for good."""

    task_id: UUID
    account_id: UUID
    attempt: int
    outcome: Literal["stored", "failed"]
    assets: list[StoredAsset] = []
    error_code: str | None = None
    error_message: str | None = None
    stored_at: datetime


class TaskFinished(Event):
    """A task won't change any more: what its account's webhooks are told."""

    event_id: UUID
    type: Literal["task.succeeded", "task.failed", "task.cancelled"]
    task_id: UUID
    account_id: UUID
    asset: Asset
    document: dict[str, Any] = Field(description="The public v1 document of the final task")
    webhook_url: str | None = Field(default=None, description="Where the task itself asked to send it")
    finished_at: datetime


class AccountNotice(Event):
    """Something that an account's owner should be told by webhook, and that is about no task."""

    event_id: UUID
    type: Literal["credits.low"]
    account_id: UUID
    data: dict[str, Any] = Field(description="As the webhook shows it")
    at: datetime


class WebhookDelivered(Event):
    """A customer's webhook reached its address, or was given up."""

    delivery_id: UUID
    round: int = Field(ge=1, description="1 at first; one more each time that it is delivered again")
    event_id: UUID
    event_type: str
    account_id: UUID
    task_id: UUID | None
    endpoint_id: UUID | None = Field(description="None: the address that the task itself named")
    url: str | None = Field(default=None, description="That address")
    outcome: Literal["delivered", "given_up"]
    reason: str | None = Field(default=None, description="Why it was given up")
    attempts: int = Field(ge=0)
    status: int | None = Field(default=None, description="The last HTTP status, if there was an answer")
    at: datetime


class DeadLetter(Event):
    """A record that a reader could not handle; the record itself is kept in the reader's table."""

    service: str
    topic: str
    partition: int
    offset: int
    reason: str
    error: str
    at: datetime

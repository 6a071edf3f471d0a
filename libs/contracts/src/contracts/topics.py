"""The topic table: every topic in use, what it says, its one writer and its readers."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from contracts import events

PARTITIONS = 12
RETENTION_SECONDS = 7 * 24 * 3600
SERVICES = ("gateway", "ledger", "dispatcher", "callbacks", "storage")


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic: `key` is what records are keyed by, `version` the major version of its event."""

    name: str
    says: str
    writer: str
    readers: tuple[str, ...]
    event: type[events.Event]
    key: str = "account id"
    version: int = 1

    @property
    def type(self) -> str:
        """The CloudEvents type of its records."""
        return f"{self.name}.v{self.version}"


def _dead_letters(service: str) -> Topic:
    says = f"a record that {service} could not handle, with reason and origin"
    return Topic(f"{service}.dlq", says, service, (), events.DeadLetter, key="the record's key")


_TABLE = (
    Topic(
        "task.requested",
        "a task was accepted: model, validated input, quote and price rule, deadline",
        "gateway",
        ("ledger", "dispatcher"),
        events.TaskRequested,
    ),
    Topic(
        "task.cancel_requested",
        "the client wants it stopped",
        "gateway",
        ("dispatcher",),
        events.TaskCancelRequested,
    ),
    Topic(
        "task.deleted",
        "a final task's prompt, inputs and outputs are to be forgotten; money rows stay",
        "gateway",
        ("dispatcher", "storage", "callbacks"),
        events.TaskDeleted,
    ),
    Topic(
        "credits.granted",
        "credits to add or take back",
        "gateway",
        ("ledger",),
        events.CreditsGranted,
    ),
    Topic(
        "credits.frozen",
        "the hold stands, with the task's deadline",
        "ledger",
        ("dispatcher", "gateway"),
        events.CreditsFrozen,
    ),
    Topic(
        "task.settled",
        "the money outcome, exactly one per task: settled, released or refused",
        "ledger",
        ("gateway", "dispatcher"),
        events.TaskSettled,
    ),
    Topic(
        "credits.changed",
        "an account's balance moved for another reason than a task",
        "ledger",
        ("gateway",),
        events.CreditsChanged,
    ),
    Topic(
        "provider.reported",
        "a webhook says that a provider has news: references, nothing to be believed",
        "callbacks",
        ("dispatcher",),
        events.ProviderReported,
        key="account id; the provider's job id when the webhook names none",
    ),
    Topic(
        "task.progress",
        "submitted, queued, processing, percent",
        "dispatcher",
        ("gateway",),
        events.TaskProgress,
    ),
    Topic(
        "provider.completed",
        "the final word on the provider side: succeeded with outputs, failed, cancelled",
        "dispatcher",
        ("storage", "ledger", "gateway"),
        events.ProviderCompleted,
    ),
    Topic(
        "asset.stored",
        "the bytes are in object storage, checksummed and probed, or can't be stored for good",
        "storage",
        ("ledger", "gateway"),
        events.AssetStored,
    ),
    Topic(
        "task.finished",
        "the public document of a final task, and where the task asked to send it",
        "gateway",
        ("callbacks",),
        events.TaskFinished,
    ),
    Topic(
        "account.notice",
        "something that an account's owner should be told by webhook: credits low",
        "gateway",
        ("callbacks",),
        events.AccountNotice,
    ),
    Topic(
        "webhook.delivered",
        "a customer's webhook reached its address, or was given up",
        "callbacks",
        ("gateway",),
        events.WebhookDelivered,
    ),
    *map(_dead_letters, SERVICES),
)

TOPICS: Mapping[str, Topic] = MappingProxyType({topic.name: topic for topic in _TABLE})


def read_by(service: str) -> tuple[Topic, ...]:
    """The topics that a service reads."""
    return tuple(topic for topic in TOPICS.values() if service in topic.readers)


def written_by(service: str) -> tuple[Topic, ...]:
    """The topics that a service writes."""
    return tuple(topic for topic in TOPICS.values() if topic.writer == service)


def topic_of(event: events.Event) -> Topic:
    """The topic that carries an event."""
    return _BY_EVENT[type(event)]


_BY_EVENT = {topic.event: topic for topic in TOPICS.values() if not topic.name.endswith(".dlq")}

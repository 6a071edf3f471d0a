"""Admission: an account never gets more accepted than the ledger's last word leaves it.

What is decided on is an order: the tasks of one request, mostly one, all of them accepted or none.
"""

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

ASSETS = ("credit", "test")
Purse = tuple[UUID, str]
"""An account and an asset."""
Scope = tuple[UUID, str, str]
"""Where an idempotency key is unique: account, surface, key."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A task to be: its request passed every check but replay and credits. `input` has its defaults."""

    task_id: UUID
    account_id: UUID
    asset: str
    key_id: UUID
    model: str
    input: Mapping[str, Any]
    derive: Sequence[str]
    quote_micro: int
    price_rule: Mapping[str, Any]
    surface: str
    request_id: str
    fingerprint: str
    idempotency_key: str | None
    traceparent: str
    deadline_seconds: int
    metadata: Mapping[str, str] | None = None
    webhook_url: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """What one request asks for, and the body of the answer that it gets if it is accepted.

    At least one submission; all are of one account, asset, key, surface, idempotency key and fingerprint.
    """

    submissions: tuple[Submission, ...]
    answer: bytes
    max_live: int | None = None
    """How many tasks of its purse may be unfinished at once, these included; None: any number."""
    capped: bool = False
    """Whether its key may spend only so much."""

    @property
    def purse(self) -> Purse:
        """What pays."""
        first = self.submissions[0]
        return first.account_id, first.asset

    @property
    def scope(self) -> Scope | None:
        """Its idempotency record's key, if it has one."""
        first = self.submissions[0]
        key = first.idempotency_key
        return None if key is None else (first.account_id, first.surface, key)

    @property
    def key_id(self) -> UUID:
        """The API key that it came with."""
        return self.submissions[0].key_id

    @property
    def quote_micro(self) -> int:
        """What all of it costs."""
        return sum(each.quote_micro for each in self.submissions)

    @property
    def receipt(self) -> "Receipt":
        """What it is answered with once it is accepted."""
        first = self.submissions[0]
        tasks = tuple(each.task_id for each in self.submissions)
        return Receipt(tasks, first.fingerprint, first.asset, self.answer)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a request is answered with, to the byte the same for the same idempotency key.

    `answer` is None when it was scrubbed with its tasks.
    """

    task_ids: tuple[UUID, ...]
    fingerprint: str
    asset: str
    answer: bytes | None


@dataclass(frozen=True, slots=True)
class Accepted:
    """New tasks."""

    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Replayed:
    """The tasks that the same request made before."""

    receipt: Receipt


@dataclass(frozen=True, slots=True)
class KeyReused:
    """The idempotency key belongs to another request."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Not enough credits, in micro-credits."""

    required_micro: int
    available_micro: int


@dataclass(frozen=True, slots=True)
class CapReached:
    """The key's spend cap leaves less than this costs, in micro-credits."""

    required_micro: int
    left_micro: int


@dataclass(frozen=True, slots=True)
class TooManyLive:
    """As many tasks are unfinished as may be."""

    limit: int


Decision = Accepted | Replayed | KeyReused | Refused | CapReached | TooManyLive


@dataclass(slots=True)
class Room:
    """What may still be taken; each accepted order leaves less of it. What isn't there is empty."""

    spendable: MutableMapping[Purse, int]
    """Available minus pending, in micro-credits."""
    live: MutableMapping[Purse, int] = field(default_factory=dict)
    """Unfinished tasks."""
    key_left: MutableMapping[UUID, int] = field(default_factory=dict)
    """What capped keys may still spend, in micro-credits."""

    def take(self, order: Order) -> None:
        """Make less of it."""
        purse, quote = order.purse, order.quote_micro
        self.spendable[purse] = self.spendable.get(purse, 0) - quote
        self.live[purse] = self.live.get(purse, 0) + len(order.submissions)
        if order.capped:
            self.key_left[order.key_id] = self.key_left.get(order.key_id, 0) - quote


def replay(submission_fingerprint: str, asset: str, earlier: Receipt) -> Replayed | KeyReused:
    """The same payload with a key of the same asset gets the same answer; anything else is a reuse.

    A test key never gets a paid task's answer, nor the other way round.
    """
    if earlier.fingerprint == submission_fingerprint and earlier.asset == asset:
        return Replayed(earlier)
    return KeyReused()


def decide(orders: Sequence[Order], room: Room, earlier: Mapping[Scope, Receipt]) -> list[Decision]:
    """Decide in turn; each accepted one leaves less room for the next, and is earlier than it."""
    known = dict(earlier)
    return [_decide(order, room, known) for order in orders]


def _decide(order: Order, room: Room, known: dict[Scope, Receipt]) -> Decision:
    scope, receipt = order.scope, order.receipt
    if scope is not None and scope in known:
        return replay(receipt.fingerprint, receipt.asset, known[scope])
    refusal = _refusal(order, room)
    if refusal is not None:
        return refusal
    room.take(order)
    if scope is not None:
        known[scope] = receipt
    return Accepted(receipt)


def _refusal(order: Order, room: Room) -> Refused | CapReached | TooManyLive | None:
    live = room.live.get(order.purse, 0) + len(order.submissions)
    if order.max_live is not None and live > order.max_live:
        return TooManyLive(order.max_live)
    quote = order.quote_micro
    if quote == 0:
        return None
    if order.capped and quote > (left := room.key_left.get(order.key_id, 0)):
        return CapReached(quote, max(left, 0))
    if quote > (left := room.spendable.get(order.purse, 0)):
        return Refused(quote, max(left, 0))
    return None

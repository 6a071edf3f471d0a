"""Admission: an account never gets more accepted than the ledger's last word leaves it."""

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
    """A request that passed every check but replay and credits. `input` has its defaults."""

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
    max_live: int | None = None
    """How many tasks of its purse may be unfinished at once, this one included; None: any number."""
    capped: bool = False
    """Whether its key may spend only so much."""

    @property
    def purse(self) -> Purse:
        """What pays."""
        return self.account_id, self.asset

    @property
    def scope(self) -> Scope | None:
        """Its idempotency record's key, if it has one."""
        key = self.idempotency_key
        return None if key is None else (self.account_id, self.surface, key)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a submit is answered with, for ever the same for the same idempotency key."""

    task_id: UUID
    request_id: str
    quote_micro: int
    fingerprint: str
    asset: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """A new task."""

    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Replayed:
    """The task that the same request made before."""

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
    """What may still be taken; each accepted submission leaves less of it. What isn't there is empty."""

    spendable: MutableMapping[Purse, int]
    """Available minus pending, in micro-credits."""
    live: MutableMapping[Purse, int] = field(default_factory=dict)
    """Unfinished tasks."""
    key_left: MutableMapping[UUID, int] = field(default_factory=dict)
    """What capped keys may still spend, in micro-credits."""

    def take(self, submission: Submission) -> None:
        """Make less of it."""
        purse, quote = submission.purse, submission.quote_micro
        self.spendable[purse] = self.spendable.get(purse, 0) - quote
        self.live[purse] = self.live.get(purse, 0) + 1
        if submission.capped:
            self.key_left[submission.key_id] = self.key_left.get(submission.key_id, 0) - quote


def replay(submission_fingerprint: str, asset: str, earlier: Receipt) -> Replayed | KeyReused:
    """The same payload with a key of the same asset gets the same answer; anything else is a reuse.

    A test key never gets a paid task's answer, nor the other way round.
    """
    if earlier.fingerprint == submission_fingerprint and earlier.asset == asset:
        return Replayed(earlier)
    return KeyReused()


def decide(submissions: Sequence[Submission], room: Room, earlier: Mapping[Scope, Receipt]) -> list[Decision]:
    """Decide in order; each accepted one leaves less room for the next, and is earlier than it."""
    known = dict(earlier)
    return [_decide(submission, room, known) for submission in submissions]


def _decide(submission: Submission, room: Room, known: dict[Scope, Receipt]) -> Decision:
    scope = submission.scope
    if scope is not None and scope in known:
        return replay(submission.fingerprint, submission.asset, known[scope])
    refusal = _refusal(submission, room)
    if refusal is not None:
        return refusal
    room.take(submission)
    receipt = Receipt(
        submission.task_id,
        submission.request_id,
        submission.quote_micro,
        submission.fingerprint,
        submission.asset,
    )
    if scope is not None:
        known[scope] = receipt
    return Accepted(receipt)


def _refusal(submission: Submission, room: Room) -> Refused | CapReached | TooManyLive | None:
    if submission.max_live is not None and room.live.get(submission.purse, 0) >= submission.max_live:
        return TooManyLive(submission.max_live)
    quote = submission.quote_micro
    if quote == 0:
        return None
    if submission.capped and quote > (left := room.key_left.get(submission.key_id, 0)):
        return CapReached(quote, max(left, 0))
    if quote > (left := room.spendable.get(submission.purse, 0)):
        return Refused(quote, max(left, 0))
    return None

"""Admission: an account never gets more accepted than the ledger's last word leaves it."""

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

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


Decision = Accepted | Replayed | KeyReused | Refused


def replay(submission_fingerprint: str, asset: str, earlier: Receipt) -> Replayed | KeyReused:
    """The same payload with a key of the same asset gets the same answer; anything else is a reuse.

    A test key never gets a paid task's answer, nor the other way round.
    """
    if earlier.fingerprint == submission_fingerprint and earlier.asset == asset:
        return Replayed(earlier)
    return KeyReused()


def decide(
    submissions: Sequence[Submission],
    spendable: MutableMapping[Purse, int],
    earlier: Mapping[Scope, Receipt],
) -> list[Decision]:
    """Decide in order; each accepted one leaves less for the next, and is earlier than it.

    `spendable` (available minus pending, by purse) is changed in place; a purse that isn't there is empty.
    """
    known = dict(earlier)
    return [_decide(submission, spendable, known) for submission in submissions]


def _decide(
    submission: Submission, spendable: MutableMapping[Purse, int], known: dict[Scope, Receipt]
) -> Decision:
    scope = submission.scope
    if scope is not None and scope in known:
        return replay(submission.fingerprint, submission.asset, known[scope])
    left = spendable.get(submission.purse, 0)
    if submission.quote_micro > 0 and submission.quote_micro > left:
        return Refused(submission.quote_micro, max(left, 0))
    spendable[submission.purse] = left - submission.quote_micro
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

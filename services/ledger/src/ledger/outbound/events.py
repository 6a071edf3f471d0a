"""What the ledger says, one function per event. The same fact gives the same event and id for ever."""

from contracts.events import Balance as EventBalance
from contracts.events import CreditsChanged, CreditsFrozen, TaskSettled
from runtime.outbox.recorder import Message

from ledger.domain.batch import Change, Closed, Frozen, Said
from ledger.domain.books import Balance


def message(said: Said) -> Message:
    """The message of anything the ledger has to say."""
    if isinstance(said, Frozen):
        return frozen(said)
    return settled(said) if isinstance(said, Closed) else changed(said)


def frozen(said: Frozen) -> Message:
    """`credits.frozen`: the hold stands."""
    task, request, hold = said.task, said.task.request, said.task.hold
    assert request is not None
    assert hold is not None
    event = CreditsFrozen(
        task_id=task.task_id,
        account_id=task.account_id,
        asset=said.after.asset,
        held_micro=hold.held_micro,
        deadline=request.deadline,
        expires_at=hold.expires_at,
        frozen_at=hold.frozen_at,
        requested_at=request.requested_at,
        balance=_balance(said.after),
    )
    return Message(
        event, str(task.account_id), str(task.task_id), "frozen", said.n, traceparent=request.traceparent
    )


def settled(said: Closed) -> Message:
    """`task.settled`: the money outcome."""
    task, request, outcome = said.task, said.task.request, said.task.outcome
    assert request is not None
    assert outcome is not None
    event = TaskSettled(
        task_id=task.task_id,
        account_id=task.account_id,
        asset=said.after.asset,
        outcome=outcome.outcome,
        reason=outcome.reason,
        charged_micro=outcome.charged_micro,
        returned_micro=outcome.returned_micro,
        settled_at=outcome.closed_at,
        quote_micro=request.quote_micro,
        requested_at=request.requested_at,
        deadline=request.deadline,
        balance=_balance(said.after),
    )
    return Message(
        event, str(task.account_id), str(task.task_id), "settled", said.n, traceparent=request.traceparent
    )


def changed(said: Change) -> Message:
    """`credits.changed`: a grant or take-back is booked."""
    grant = said.grant
    event = CreditsChanged(
        account_id=grant.account_id,
        asset=grant.asset,
        change_id=grant.change_id,
        change_micro=said.applied_micro,
        kind=grant.kind,
        reason=grant.reason,
        written_off_micro=said.written_off_micro,
        changed_at=said.after.moved_at,
        granted_at=grant.at,
        balance=_balance(said.after),
    )
    return Message(
        event, str(grant.account_id), str(grant.change_id), "changed", traceparent=grant.traceparent
    )


def _balance(balance: Balance) -> EventBalance:
    return EventBalance(
        available_micro=balance.available_micro, held_micro=balance.held_micro, version=balance.version
    )

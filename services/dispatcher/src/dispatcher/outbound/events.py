"""What the dispatcher says: one function per event."""

from datetime import datetime

from contracts.events import Output, ProviderCompleted, TaskProgress
from runtime.outbox.recorder import Message

from dispatcher.domain.job import Attempt, Change, Completion, Job, ProgressState


def progress(job: Job, attempt: Attempt, state: ProgressState, change: Change, at: datetime) -> Message:
    """`task.progress`; a state is said once per attempt, and once more per percent reached."""
    percent = change.percent
    event = TaskProgress(
        task_id=job.task_id,
        account_id=job.account_id,
        attempt=attempt.n,
        state=state,
        percent=percent,
        provider=attempt.provider,
        protocol=attempt.protocol,
        provider_model=attempt.model,
        credential_id=attempt.credential_id,
        provider_job_id=change.job_id or attempt.job_id,
        cost_rule=None if attempt.cost_rule is None else dict(attempt.cost_rule),
        at=at,
    )
    fact = f"progress-{attempt.n}-{state}"
    return _message(job, event, fact, 1 if percent is None else percent + 2)


def completed(
    job: Job, attempt: Attempt | None, completion: Completion, change: Change, at: datetime
) -> Message:
    """`provider.completed`: exactly one per task."""
    event = ProviderCompleted(
        task_id=job.task_id,
        account_id=job.account_id,
        attempt=attempt.n if attempt else 0,
        outcome=completion.outcome,
        model=job.model,
        outputs=[
            Output(index=index, kind=each.kind, role=each.role, url=each.url, content_type=each.content_type)
            for index, each in enumerate(completion.results)
        ],
        derive=list(job.derive),
        provider=attempt.provider if attempt else None,
        protocol=attempt.protocol if attempt else None,
        provider_model=attempt.model if attempt else None,
        provider_job_id=(change.job_id or attempt.job_id) if attempt else None,
        credential_id=attempt.credential_id if attempt else None,
        actual_micro=change.actual_micro,
        cost_micro=change.cost_micro,
        error_code=completion.code,
        error_message=completion.message,
        deadline=job.deadline,
        completed_at=at,
    )
    return _message(job, event, "completed", 1)


def _message(job: Job, event: TaskProgress | ProviderCompleted, fact: str, n: int) -> Message:
    return Message(
        event,
        key=str(job.account_id),
        subject=str(job.task_id),
        fact=fact,
        n=n,
        traceparent=job.traceparent,
    )

"""What the dispatcher's records say of one task."""

STORY = """
SELECT created_at AS at, 'heard of' AS what, NULL::int AS attempt,
       json_build_object('model', model, 'frozen_at', frozen_at) AS said
FROM jobs WHERE task_id = $1
UNION ALL
SELECT cancel_requested_at, 'told to cancel', NULL, json_build_object('reason', cancel_reason)
FROM jobs WHERE task_id = $1
UNION ALL
SELECT submitting_at, 'submitting', n,
       json_build_object('provider', provider, 'model', model, 'credential', credential_id, 'sends', sends)
FROM attempts WHERE task_id = $1
UNION ALL
SELECT submitted_at, 'taken by ' || provider, n, json_build_object('provider_job_id', provider_job_id)
FROM attempts WHERE task_id = $1
UNION ALL
SELECT polled_at, 'last asked ' || provider, n,
       json_build_object('polls', polls, 'progress', progress, 'percent', percent)
FROM attempts WHERE task_id = $1
UNION ALL
SELECT ended_at, 'attempt ' || status, n,
       json_build_object('class', error_class, 'code', error_code, 'actual_micro', actual_micro,
           'cost_micro', cost_micro, 'orphan', orphan)
FROM attempts WHERE task_id = $1
UNION ALL
SELECT completed_at, 'final: ' || outcome, NULL, json_build_object('code', error_code)
FROM jobs WHERE task_id = $1
UNION ALL
SELECT w.due_at, 'looks at it next', NULL, json_build_object('tries', w.tries, 'in_hand', w.leased)
FROM work w WHERE w.id = $1 AND w.kind = 'job'
"""

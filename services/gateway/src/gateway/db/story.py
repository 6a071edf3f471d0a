"""What the gateway's records say of one task."""

STORY = """
SELECT requested_at AS at, 'accepted' AS what, NULL::int AS attempt,
       json_build_object('model', model, 'surface', surface, 'asset', asset, 'quote_micro', quote_micro,
           'request_id', request_id, 'trace_id', substr(traceparent, 4, 32), 'deadline', deadline) AS said
FROM tasks WHERE id = $1
UNION ALL
SELECT repeated_at, 'asked the ledger again', NULL, json_build_object('times', repeat)
FROM tasks WHERE id = $1 AND repeat > 1
UNION ALL
SELECT at, 'told: ' || type, NULL, data FROM task_events WHERE task_id = $1
UNION ALL
SELECT deleted_at, 'deleted', NULL, NULL FROM tasks WHERE id = $1
"""

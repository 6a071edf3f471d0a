"""What storage's records say of one task."""

STORY = """
SELECT accepted_at AS at, 'results to copy' AS what, attempt,
       json_build_object('provider', provider, 'last_fault', fault_code, 'faults', nullif(fault_count, 0))
           AS said
FROM tasks WHERE task_id = $1
UNION ALL
SELECT stored_at, 'copied', attempt,
       json_build_object('index', index, 'kind', kind, 'role', role, 'bytes', size_bytes, 'sha256', sha256,
           'object', object_key)
FROM copies WHERE task_id = $1
UNION ALL
SELECT ended_at, 'ended: ' || outcome, attempt, json_build_object('code', error_code)
FROM tasks WHERE task_id = $1
UNION ALL
SELECT erased_at, 'erased', NULL, NULL FROM deletions WHERE task_id = $1
"""

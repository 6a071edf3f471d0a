"""What the ledger's records say of one task."""

STORY = """
SELECT frozen_at AS at, 'credits frozen' AS what, NULL::int AS attempt,
       json_build_object('held_micro', held_micro, 'version', frozen_version, 'expires_at', expires_at)
           AS said
FROM tasks WHERE task_id = $1
UNION ALL
SELECT r.recorded_at, 'transfer: ' || r.kind, NULL,
       json_build_object('debit', r.debit, 'credit', r.credit, 'amount_micro', r.amount_micro,
           'available_micro', r.available_micro, 'held_micro', r.held_micro, 'version', r.version)
FROM tasks t JOIN transfers r ON r.account_id = t.account_id AND r.asset = t.asset AND r.task_id = t.task_id
    AND r.version BETWEEN t.frozen_version AND coalesce(t.closed_version, 9223372036854775807)
WHERE t.task_id = $1
UNION ALL
SELECT closed_at, 'closed: ' || outcome, NULL,
       json_build_object('reason', reason, 'charged_micro', charged_micro, 'returned_micro', returned_micro,
           'version', closed_version)
FROM tasks WHERE task_id = $1
"""

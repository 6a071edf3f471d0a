"""Time that passes for a task without anybody waiting for it."""

NEARER = (
    "UPDATE jobs SET deadline = deadline - make_interval(secs => $2) WHERE task_id = ANY($1)",
    "UPDATE work SET due_at = due_at - make_interval(secs => $2) WHERE id = ANY($1) AND NOT leased",
)
"""In the dispatcher's database: deadlines of tasks ($1), and the next look at them, $2 seconds nearer."""

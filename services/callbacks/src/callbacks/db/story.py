"""What callbacks' records say of one task. Of addresses only the host: the rest may hold a secret."""

STORY = """
SELECT received_at AS at, 'webhook of ' || provider AS what, attempt,
       json_build_object('provider_job_id', provider_job_id, 'final', final, 'signed', signed,
           'bytes', octet_length(body), 'id', id) AS said
FROM webhooks WHERE task_id = $1
UNION ALL
SELECT d.created_at, 'delivery of ' || m.type, NULL,
       json_build_object('delivery', d.id, 'to', coalesce(substring(d.url FROM '^[a-z]+://([^/?#]+)'),
           substring(e.url FROM '^[a-z]+://([^/?#]+)')))
FROM messages m JOIN deliveries d ON d.message_id = m.id LEFT JOIN endpoints e ON e.id = d.endpoint_id
WHERE m.task_id = $1
UNION ALL
SELECT a.at, 'delivery attempted', a.number,
       json_build_object('delivery', d.id, 'status', a.status, 'error', a.error, 'latency_ms', a.latency_ms)
FROM messages m JOIN deliveries d ON d.message_id = m.id JOIN delivery_attempts a ON a.delivery_id = d.id
WHERE m.task_id = $1
UNION ALL
SELECT d.ended_at, 'delivery ' || d.state, NULL, json_build_object('delivery', d.id, 'reason', d.reason)
FROM messages m JOIN deliveries d ON d.message_id = m.id
WHERE m.task_id = $1
"""

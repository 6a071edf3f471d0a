-- Accounts with balances, tasks, the ends of their histories, idempotency keys.
-- From the views `seed` (one row of numbers), `seed_accounts` and `seed_tasks` of bench/seeding.py.

INSERT INTO accounts (id, name, tier, status)
SELECT account_id, 'seeded ' || a, 'enterprise', 'active' FROM seed_accounts;

INSERT INTO balances (account_id, asset, available_micro, held_micro, version, live_tasks)
SELECT account_id, 'credit', granted - micro * each, micro * open, 2 + 2 * closed + open, open
FROM seed_accounts, seed
UNION ALL
SELECT account_id, 'test', 0, 0, 0, 0 FROM seed_accounts;

INSERT INTO tasks (id, account_id, asset, model, input, derive, quote_micro, price_rule, surface, request_id,
                   idempotency_key, fingerprint, requested_at, deadline, repeated_at, frozen_at, submitted_at,
                   processing_at, percent, attempts, completed_at, completed_outcome, completed_provider,
                   stored_at, stored_outcome, assets, closed_at, closed_outcome, closed_reason, charged_micro,
                   status, finished_at, seq)
SELECT task_id, account_id, 'credit', 'doubao-seedance-2-0-fast',
       '{"prompt": "A cinematic tracking shot of a futuristic city street after rain", "size": "16:9",
         "resolution": "480p", "duration": 4, "generate_audio": true, "watermark": false, "seed": -1}',
       '[]', micro, '{"kind": "per_second", "micro": 612000, "seconds": 4}', 'v1', 'req_' || n,
       'seed-' || n, md5(n::text), at, at + interval '1 hour', at, at, at, at, CASE WHEN final THEN 100 END,
       '[{"number": 1, "provider": "ark", "submitted_at": "2026-01-01T00:00:00+00:00"}]',
       ended_at, CASE WHEN final THEN 'succeeded' END, CASE WHEN final THEN 'ark' END,
       ended_at, CASE WHEN final THEN 'stored' END,
       CASE WHEN final THEN format(
           '[{"index": 0, "kind": "video", "token": "%s", "file_name": "%s.mp4", "content_type": "video/mp4",
              "size_bytes": 20480, "sha256": "%s", "width": 864, "height": 480, "duration_ms": 4000}]',
           md5(n::text), n, repeat(md5(n::text), 2))::json END,
       ended_at, CASE WHEN final THEN 'settled' END, CASE WHEN final THEN 'succeeded' END,
       CASE WHEN final THEN micro END,
       CASE WHEN final THEN 'succeeded' ELSE 'processing' END, ended_at, CASE WHEN final THEN 6 ELSE 3 END
FROM seed_tasks, seed;

INSERT INTO task_events (task_id, seq, type, at, data)
SELECT task_id, CASE WHEN final THEN 6 ELSE 3 END, CASE WHEN final THEN 'succeeded' ELSE 'processing' END,
       at, '{}'
FROM seed_tasks;

INSERT INTO idempotency_keys (account_id, surface, key, task_ids, answer, created_at)
SELECT account_id, 'v1', 'seed-' || n, ARRAY[task_id], '{}', at FROM seed_tasks;

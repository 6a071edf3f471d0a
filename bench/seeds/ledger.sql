-- Balances, grants, tasks and every transfer with the balance after it, so that `ledger check` holds.
-- An account's grant is version 2; then each closed task has a freeze and a settlement, each open one a freeze.

INSERT INTO balances (account_id, asset, available_micro, held_micro, version, moved_at)
SELECT account_id, 'credit', granted - micro * each, micro * open, 2 + 2 * closed + open,
       begin + interval '1 day'
FROM seed_accounts, seed;

INSERT INTO changes (change_id, account_id, asset, amount_micro, applied_micro, written_off_micro, kind,
                     reason, version, granted_at, recorded_at)
SELECT account_id, account_id, 'credit', granted, granted, 0, 'topup', 'seeded', 2, begin, begin
FROM seed_accounts, seed;

INSERT INTO transfers (account_id, asset, version, kind, lot, debit, credit, amount_micro, available_micro,
                       held_micro, change_id, event_at, recorded_at)
SELECT account_id, 'credit', 2, 'grant', 'default', 'issuer', 'available', granted, granted, 0, account_id,
       begin, begin
FROM seed_accounts, seed;

INSERT INTO tasks (task_id, account_id, asset, quote_micro, requested_at, deadline, provider_outcome,
                   actual_micro, storage_outcome, frozen_at, frozen_version, held_micro, lot, expires_at,
                   closed_at, closed_version, outcome, reason, charged_micro, returned_micro)
SELECT task_id, account_id, 'credit', micro, at, at + interval '1 hour',
       CASE WHEN final THEN 'succeeded' END, CASE WHEN final THEN micro END, CASE WHEN final THEN 'stored' END,
       at, frozen_version, micro, 'default', at + interval '25 hours',
       ended_at, CASE WHEN final THEN frozen_version + 1 END, CASE WHEN final THEN 'settled' END,
       CASE WHEN final THEN 'succeeded' END, CASE WHEN final THEN micro END, CASE WHEN final THEN 0 END
FROM seed_tasks, seed;

INSERT INTO transfers (account_id, asset, version, kind, lot, debit, credit, amount_micro, available_micro,
                       held_micro, task_id, event_at, recorded_at)
SELECT account_id, 'credit', frozen_version, 'freeze', 'default', 'available', 'held', micro,
       granted - micro * (i + 1), CASE WHEN final THEN micro ELSE micro * (i - closed + 1) END,
       task_id, begin, begin + frozen_version * interval '1 second'
FROM seed_tasks, seed
UNION ALL
SELECT account_id, 'credit', frozen_version + 1, 'settle', 'default', 'held', 'revenue', micro,
       granted - micro * (i + 1), 0, task_id, begin, begin + (frozen_version + 1) * interval '1 second'
FROM seed_tasks, seed WHERE final;

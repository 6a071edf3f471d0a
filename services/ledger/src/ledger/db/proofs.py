"""The invariants of the books as SQL: M1-M8 of the reference on ledgers, over all rows there are.

Each statement is one pass over a table and gives rows (invariant, says, figures, wrong, example). They write
nothing, not even temporary tables: a transaction id would hold back the outbox's horizon.
"""

from ledger.domain.books import ROUTES

_ROUTES = ", ".join(f"('{kind}', '{debit}', '{credit}')" for kind, (debit, credit) in ROUTES.items())

CONSERVATION = f"""
WITH flows AS MATERIALIZED (
    SELECT asset, kind, debit, credit, count(*) AS n, sum(amount_micro) AS micro,
           count(*) FILTER (WHERE amount_micro <= 0 OR num_nulls(task_id, change_id) <> 1) AS impossible
    FROM transfers GROUP BY asset, kind, debit, credit
), accounts AS (
    SELECT asset, account, sum(micro) AS micro
    FROM (SELECT asset, debit AS account, -micro AS micro FROM flows
          UNION ALL SELECT asset, credit, micro FROM flows) AS postings
    GROUP BY asset, account
), users AS (
    SELECT asset, sum(available_micro) AS available, sum(held_micro) AS held FROM balances GROUP BY asset
), totals AS (
    SELECT asset, sum(micro) AS total,
           coalesce(-sum(micro) FILTER (WHERE account = 'issuer'), 0) AS issued,
           coalesce(sum(micro) FILTER (WHERE account = 'revenue'), 0) AS revenue,
           coalesce(sum(micro) FILTER (WHERE account = 'adjustment'), 0) AS adjustment,
           coalesce(sum(micro) FILTER (WHERE account = 'writeoff'), 0) AS writeoff
    FROM accounts GROUP BY asset
), sheet AS (
    SELECT asset, coalesce(total, 0) AS total, coalesce(issued, 0) AS issued,
           coalesce(available, 0) AS available, coalesce(held, 0) AS held, coalesce(revenue, 0) AS revenue,
           coalesce(adjustment, 0) AS adjustment, coalesce(writeoff, 0) AS writeoff
    FROM users FULL JOIN totals USING (asset)
)
SELECT 'M1' AS invariant, 'every transfer is a known route with an amount; postings sum to zero' AS says,
       (SELECT coalesce(sum(n), 0) FROM flows) || ' transfers' AS figures,
       (SELECT coalesce(sum(CASE WHEN (kind, debit, credit) IN ({_ROUTES}) THEN impossible ELSE n END), 0)
        FROM flows) + (SELECT count(*) FROM sheet WHERE total <> 0) AS wrong,
       (SELECT format('%s: %s → %s', kind, debit, credit) FROM flows
        WHERE impossible > 0 OR (kind, debit, credit) NOT IN ({_ROUTES}) LIMIT 1) AS example
UNION ALL
SELECT 'M2', 'issued = available + held + revenue + adjustment + write-off',
       coalesce(string_agg(format('%s: %s = %s + %s + %s + %s + %s', asset, issued, available, held, revenue,
                                  adjustment, writeoff), '; ' ORDER BY asset), 'nothing'),
       count(*) FILTER (WHERE issued <> available + held + revenue + adjustment + writeoff),
       min(asset) FILTER (WHERE issued <> available + held + revenue + adjustment + writeoff)
FROM sheet
"""

GRANTS = """
WITH moved AS (
    SELECT change_id, account_id, asset, count(*) AS n, max(version) AS version,
           sum(CASE kind WHEN 'grant' THEN amount_micro WHEN 'takeback' THEN -amount_micro ELSE 0 END)
               AS applied,
           sum(CASE kind WHEN 'writeoff' THEN amount_micro ELSE 0 END) AS written_off,
           count(*) FILTER (WHERE kind NOT IN ('grant', 'takeback', 'writeoff')) AS foreign_kinds
    FROM transfers WHERE change_id IS NOT NULL GROUP BY change_id, account_id, asset
), compared AS (
    SELECT coalesce(c.change_id, m.change_id) AS id,
           c.change_id IS NULL
           OR (m.change_id IS NULL AND (c.applied_micro <> 0 OR c.written_off_micro <> 0))
           OR (m.change_id IS NOT NULL
               AND ((m.account_id, m.asset, m.version, m.applied, m.written_off)
                    IS DISTINCT FROM (c.account_id, c.asset, c.version, c.applied_micro, c.written_off_micro)
                    OR m.foreign_kinds > 0))
           OR c.applied_micro - c.written_off_micro <> c.amount_micro AS wrong
    FROM changes c FULL JOIN moved m ON m.change_id = c.change_id
)
SELECT 'M2' AS invariant, 'every grant and take-back is booked once and in full' AS says,
       count(*) || ' changes' AS figures, count(*) FILTER (WHERE wrong) AS wrong,
       min(id::text) FILTER (WHERE wrong) AS example
FROM compared
"""

REPLAY = """
WITH steps AS (
    SELECT account_id, asset, version, available_micro, held_micro, recorded_at,
           amount_micro * ((credit = 'available')::int - (debit = 'available')::int) AS available_step,
           amount_micro * ((credit = 'held')::int - (debit = 'held')::int) AS held_step,
           lag(version, 1, 1::bigint) OVER w AS version_before,
           lag(available_micro, 1, 0::bigint) OVER w AS available_before,
           lag(held_micro, 1, 0::bigint) OVER w AS held_before,
           lag(recorded_at) OVER w AS recorded_before
    FROM transfers WINDOW w AS (PARTITION BY account_id, asset ORDER BY version)
), replayed AS (
    SELECT account_id, asset, count(*) AS n, max(version) AS version, max(recorded_at) AS recorded_at,
           sum(available_step) AS available, sum(held_step) AS held,
           count(*) FILTER (WHERE version <> version_before + 1
               OR available_micro <> available_before + available_step
               OR held_micro <> held_before + held_step) AS broken,
           count(*) FILTER (WHERE available_micro < 0 OR held_micro < 0) AS negative,
           count(*) FILTER (WHERE recorded_at < recorded_before) AS backwards
    FROM steps GROUP BY account_id, asset
), compared AS MATERIALIZED (
    SELECT coalesce(b.account_id, r.account_id)::text AS id, coalesce(r.n, 0) AS n,
           b.available_micro < 0 OR b.held_micro < 0 OR coalesce(r.negative, 0) > 0 AS negative,
           (b.version, b.available_micro, b.held_micro)
               IS DISTINCT FROM (coalesce(r.version, 1), coalesce(r.available, 0), coalesce(r.held, 0))
           OR coalesce(r.broken, 0) > 0 AS broken,
           coalesce(r.backwards, 0) > 0 OR r.recorded_at > b.moved_at AS backwards
    FROM balances b FULL JOIN replayed r ON r.account_id = b.account_id AND r.asset = b.asset
)
SELECT 'M3' AS invariant, 'no balance is or ever was below zero' AS says, count(*) || ' balances' AS figures,
       count(*) FILTER (WHERE negative) AS wrong, min(id) FILTER (WHERE negative) AS example FROM compared
UNION ALL
SELECT 'M6', 'balances = replay of the transfers; versions without a gap',
       coalesce(sum(n), 0) || ' transfers',
       count(*) FILTER (WHERE broken), min(id) FILTER (WHERE broken) FROM compared
UNION ALL
SELECT 'M7', 'an account''s times never go back', count(*) || ' balances',
       count(*) FILTER (WHERE backwards), min(id) FILTER (WHERE backwards) FROM compared
"""

HELD = """
WITH open AS (
    SELECT account_id, asset, count(*) AS n, sum(held_micro) AS held
    FROM tasks WHERE frozen_at IS NOT NULL AND closed_at IS NULL GROUP BY account_id, asset
), compared AS (
    SELECT coalesce(b.account_id, o.account_id)::text AS id, coalesce(o.n, 0) AS n,
           b.held_micro IS DISTINCT FROM coalesce(o.held, 0) AS wrong
    FROM balances b FULL JOIN open o ON o.account_id = b.account_id AND o.asset = b.asset
)
SELECT 'M4' AS invariant, 'held = the sum of the account''s open holds' AS says,
       coalesce(sum(n), 0) || ' open holds' AS figures,
       count(*) FILTER (WHERE wrong) AS wrong, min(id) FILTER (WHERE wrong) AS example
FROM compared
"""

HOLDS = """
WITH moved AS (
    SELECT task_id, account_id, asset,
           count(*) FILTER (WHERE kind = 'freeze') AS freezes,
           count(*) FILTER (WHERE kind = 'settle') AS settles,
           count(*) FILTER (WHERE kind IN ('release', 'expire')) AS returns,
           count(*) FILTER (WHERE kind NOT IN ('freeze', 'settle', 'release', 'expire')) AS foreign_kinds,
           coalesce(sum(amount_micro) FILTER (WHERE kind = 'freeze'), 0) AS frozen,
           coalesce(sum(amount_micro) FILTER (WHERE kind = 'settle'), 0) AS charged,
           coalesce(sum(amount_micro) FILTER (WHERE kind IN ('release', 'expire')), 0) AS returned,
           min(version) FILTER (WHERE kind = 'freeze') AS frozen_version
    FROM transfers WHERE task_id IS NOT NULL GROUP BY task_id, account_id, asset
), compared AS MATERIALIZED (
    SELECT coalesce(t.task_id, m.task_id)::text AS id, t.frozen_at IS NOT NULL AS hold,
           t.outcome IS NOT DISTINCT FROM 'refused' AS refused,
           t.outcome IS NOT DISTINCT FROM 'refused' AND m.task_id IS NOT NULL AS refused_moved,
           (m.task_id IS NOT NULL AND t.frozen_at IS NULL AND t.outcome IS DISTINCT FROM 'refused')
           OR (t.frozen_at IS NOT NULL AND (
               (coalesce(m.frozen, 0), coalesce(m.charged, 0), coalesce(m.returned, 0))
                   IS DISTINCT FROM
                   (t.held_micro, coalesce(t.charged_micro, 0), coalesce(t.returned_micro, 0))
               OR (t.closed_at IS NOT NULL AND t.charged_micro + t.returned_micro <> t.held_micro)
               OR (m.task_id IS NOT NULL AND ((m.account_id, m.asset, m.frozen_version)
                   IS DISTINCT FROM (t.account_id, t.asset, t.frozen_version)))
               OR m.freezes > 1 OR m.settles > 1 OR m.returns > 1 OR m.foreign_kinds > 0)) AS wrong
    FROM tasks t FULL JOIN moved m ON m.task_id = t.task_id
)
SELECT 'M5' AS invariant, 'every hold is resolved at most once; settled + returned = held' AS says,
       count(*) FILTER (WHERE hold) || ' holds' AS figures,
       count(*) FILTER (WHERE wrong) AS wrong, min(id) FILTER (WHERE wrong) AS example FROM compared
UNION ALL
SELECT 'M8', 'a refused task has moved nothing', count(*) FILTER (WHERE refused) || ' refusals',
       count(*) FILTER (WHERE refused_moved), min(id) FILTER (WHERE refused_moved) FROM compared
"""

ALL = (CONSERVATION, GRANTS, REPLAY, HELD, HOLDS)

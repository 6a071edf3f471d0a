"""The books: balances, tasks, transfers, changes."""

from alembic import op
from runtime.migrate import RUNTIME_DDL, script

revision = "0001"
down_revision = None

BOOKS = """
-- An account's balance of one asset. Version 1 is the opening; every transfer raises it by one. The row of
-- the asset 'credit' is made with any other and is the lock of everything the account has.
CREATE TABLE balances (
    account_id uuid NOT NULL,
    asset text NOT NULL CHECK (asset <> ''),
    available_micro bigint NOT NULL DEFAULT 0 CHECK (available_micro >= 0),
    held_micro bigint NOT NULL DEFAULT 0 CHECK (held_micro >= 0),
    version bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
    moved_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, asset)
) WITH (fillfactor = 50);

-- A task: what each fact said, the hold, the outcome. Closed rows never change.
CREATE TABLE tasks (
    task_id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    -- task.requested
    asset text,
    quote_micro bigint CHECK (quote_micro >= 0),
    requested_at timestamptz,
    deadline timestamptz,
    traceparent text,
    -- provider.completed
    provider_outcome text CHECK (provider_outcome IN ('succeeded', 'failed', 'cancelled')),
    provider_reason text,
    actual_micro bigint CHECK (actual_micro >= 0),
    -- asset.stored
    storage_outcome text CHECK (storage_outcome IN ('stored', 'failed')),
    -- the hold
    frozen_at timestamptz,
    frozen_version bigint,
    held_micro bigint,
    lot text,
    expires_at timestamptz,
    -- the outcome
    closed_at timestamptz,
    closed_version bigint,
    outcome text,
    reason text,
    charged_micro bigint CHECK (charged_micro >= 0),
    returned_micro bigint CHECK (returned_micro >= 0),
    CONSTRAINT request_is_whole CHECK (num_nulls(asset, quote_micro, requested_at, deadline) IN (0, 4)),
    CONSTRAINT hold_is_whole
        CHECK (num_nulls(frozen_at, frozen_version, held_micro, lot, expires_at) IN (0, 5)),
    CONSTRAINT hold_is_the_quote
        CHECK (frozen_at IS NULL OR (asset IS NOT NULL AND held_micro = quote_micro)),
    CONSTRAINT outcome_is_whole CHECK (
        num_nulls(closed_at, closed_version, outcome, reason, charged_micro, returned_micro) IN (0, 6)),
    CONSTRAINT outcome_adds_up CHECK (CASE outcome
        WHEN 'settled' THEN frozen_at IS NOT NULL AND charged_micro + returned_micro = held_micro
        WHEN 'released' THEN frozen_at IS NOT NULL AND charged_micro = 0 AND returned_micro = held_micro
        WHEN 'refused' THEN asset IS NOT NULL AND frozen_at IS NULL
            AND charged_micro = 0 AND returned_micro = 0
        ELSE outcome IS NULL END)
) WITH (fillfactor = 50);  -- a row is written thrice: asked, completed, closed
-- The sweeper's window of expiry times. BRIN, for the update that closes a task must stay heap-only; multi
-- ranges, for tasks with an hour and with a day until their deadline lie side by side.
CREATE INDEX tasks_expires_at ON tasks USING brin (expires_at timestamptz_minmax_multi_ops)
    WITH (pages_per_range = 32, autosummarize = on);

-- The sweeper has seen every hold that expired before this time.
CREATE TABLE sweep_watermark (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    swept_until timestamptz NOT NULL
) WITH (fillfactor = 50);
INSERT INTO sweep_watermark (swept_until) VALUES ('-infinity');

-- Double entry by construction: an amount leaves `debit` and enters `credit`; the balance after it beside it.
CREATE TABLE transfers (
    account_id uuid NOT NULL,
    asset text NOT NULL,
    version bigint NOT NULL CHECK (version >= 2),
    kind text NOT NULL,
    lot text NOT NULL,
    debit text NOT NULL,
    credit text NOT NULL,
    amount_micro bigint NOT NULL CHECK (amount_micro > 0),
    available_micro bigint NOT NULL CHECK (available_micro >= 0),
    held_micro bigint NOT NULL CHECK (held_micro >= 0),
    task_id uuid,
    change_id uuid,
    event_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, asset, version),  -- an account's history, a hold's transfers by their versions
    CONSTRAINT one_cause CHECK (num_nulls(task_id, change_id) = 1),
    CONSTRAINT known_route CHECK (CASE kind
        WHEN 'freeze' THEN debit = 'available' AND credit = 'held'
        WHEN 'settle' THEN debit = 'held' AND credit = 'revenue'
        WHEN 'release' THEN debit = 'held' AND credit = 'available'
        WHEN 'expire' THEN debit = 'held' AND credit = 'available'
        WHEN 'grant' THEN debit = 'issuer' AND credit = 'available'
        WHEN 'takeback' THEN debit = 'available' AND credit = 'adjustment'
        WHEN 'writeoff' THEN debit = 'writeoff' AND credit = 'adjustment'
        ELSE false END)
);

CREATE VIEW postings AS
SELECT account_id, asset, version, lot, debit AS account, -amount_micro AS amount_micro,
       kind, task_id, change_id, event_at, recorded_at
FROM transfers
UNION ALL
SELECT account_id, asset, version, lot, credit, amount_micro, kind, task_id, change_id, event_at, recorded_at
FROM transfers;

-- Grants and take-backs, each once for ever.
CREATE TABLE changes (
    change_id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    asset text NOT NULL,
    amount_micro bigint NOT NULL,
    applied_micro bigint NOT NULL,
    written_off_micro bigint NOT NULL CHECK (written_off_micro >= 0),
    kind text NOT NULL,
    reason text NOT NULL,
    version bigint NOT NULL,
    granted_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT amounts_add_up CHECK (
        CASE WHEN amount_micro >= 0 THEN applied_micro = amount_micro AND written_off_micro = 0
             ELSE applied_micro BETWEEN amount_micro AND 0
                  AND applied_micro - written_off_micro = amount_micro END)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: the books are only added to', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON transfers
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON changes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON balances
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON tasks
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER closed_is_final BEFORE UPDATE ON tasks
    FOR EACH ROW WHEN (OLD.closed_at IS NOT NULL) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER hold_is_final BEFORE UPDATE ON tasks
    FOR EACH ROW WHEN (OLD.frozen_at IS NOT NULL
        AND (OLD.held_micro, OLD.asset, OLD.frozen_version, OLD.account_id)
            IS DISTINCT FROM (NEW.held_micro, NEW.asset, NEW.frozen_version, NEW.account_id))
    EXECUTE FUNCTION refuse_change();
ALTER TABLE transfers ENABLE ALWAYS TRIGGER immutable;
ALTER TABLE changes ENABLE ALWAYS TRIGGER immutable;
ALTER TABLE balances ENABLE ALWAYS TRIGGER kept;
ALTER TABLE tasks ENABLE ALWAYS TRIGGER kept;
ALTER TABLE tasks ENABLE ALWAYS TRIGGER closed_is_final;
ALTER TABLE tasks ENABLE ALWAYS TRIGGER hold_is_final;
"""


def upgrade() -> None:
    script(op.get_bind(), RUNTIME_DDL + BOOKS)

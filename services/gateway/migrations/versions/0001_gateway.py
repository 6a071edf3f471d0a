"""Accounts, keys, balances, tasks and their events, idempotency records, grants, links."""

from alembic import op
from runtime.migrate import RUNTIME_DDL, script

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

DDL = """
CREATE TABLE accounts (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    tier text NOT NULL,
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts,
    prefix text NOT NULL,
    hash bytea NOT NULL CHECK (length(hash) = 32),
    name text NOT NULL,
    asset text NOT NULL CHECK (asset IN ('credit', 'test')),
    role text NOT NULL CHECK (role IN ('user', 'admin')),
    created_at timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz,
    last_used_at timestamptz
);
CREATE UNIQUE INDEX api_keys_hash ON api_keys (hash);  -- who sent this request
CREATE INDEX api_keys_account ON api_keys (account_id);  -- an account's keys

-- What the ledger said last (highest version), and what it has not answered yet. Both rows of an account
-- exist from its first moment: their lock is the lock of its admission.
CREATE TABLE balances (
    account_id uuid NOT NULL REFERENCES accounts,
    asset text NOT NULL CHECK (asset IN ('credit', 'test')),
    available_micro bigint NOT NULL DEFAULT 0 CHECK (available_micro >= 0),
    held_micro bigint NOT NULL DEFAULT 0 CHECK (held_micro >= 0),
    version bigint NOT NULL DEFAULT 0 CHECK (version >= 0),
    pending_micro bigint NOT NULL DEFAULT 0 CHECK (pending_micro >= 0),
    PRIMARY KEY (account_id, asset)
) WITH (fillfactor = 50);

-- A row per task, a nullable column per fact. No foreign keys: every insert would lock its account's row.
CREATE TABLE tasks (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    asset text NOT NULL CHECK (asset IN ('credit', 'test')),
    key_id uuid,
    model text NOT NULL,
    input json NOT NULL,
    derive json NOT NULL,
    quote_micro bigint NOT NULL CHECK (quote_micro >= 0),
    price_rule json NOT NULL,
    surface text NOT NULL,
    request_id text NOT NULL,
    idempotency_key text,
    fingerprint text NOT NULL,
    traceparent text,
    requested_at timestamptz NOT NULL,
    deadline timestamptz NOT NULL CHECK (deadline > requested_at),
    repeat smallint NOT NULL DEFAULT 1 CHECK (repeat >= 1),
    repeated_at timestamptz NOT NULL,

    frozen_at timestamptz,
    submitted_at timestamptz,
    processing_at timestamptz,
    percent smallint CHECK (percent BETWEEN 0 AND 100),
    attempts json NOT NULL DEFAULT '[]',
    completed_at timestamptz,
    completed_outcome text CHECK (completed_outcome IN ('succeeded', 'failed', 'cancelled')),
    completed_code text,
    completed_message text,
    stored_at timestamptz,
    stored_outcome text CHECK (stored_outcome IN ('stored', 'failed')),
    stored_code text,
    stored_message text,
    assets json,
    closed_at timestamptz,
    closed_outcome text CHECK (closed_outcome IN ('settled', 'released', 'refused')),
    closed_reason text,
    charged_micro bigint CHECK (charged_micro BETWEEN 0 AND quote_micro),

    status text NOT NULL DEFAULT 'queued'
        CHECK (status IN ('queued', 'processing', 'succeeded', 'failed', 'cancelled')),
    finished_at timestamptz,
    seq integer NOT NULL DEFAULT 1 CHECK (seq >= 1),

    CHECK ((completed_at IS NULL) = (completed_outcome IS NULL)),
    CHECK ((stored_at IS NULL) = (stored_outcome IS NULL)),
    CHECK ((closed_at IS NULL) = (closed_outcome IS NULL)),
    CHECK ((closed_at IS NULL) = (closed_reason IS NULL)),
    CHECK ((closed_at IS NULL) = (charged_micro IS NULL)),
    CHECK (closed_outcome = 'settled' OR coalesce(charged_micro, 0) = 0),
    CHECK ((finished_at IS NULL) = (status IN ('queued', 'processing'))),
    CHECK (finished_at IS NULL OR closed_at IS NOT NULL),
    CHECK (status <> 'succeeded' OR (closed_outcome = 'settled' AND stored_outcome = 'stored')),
    CHECK (status NOT IN ('failed', 'cancelled') OR closed_outcome IN ('released', 'refused'))
) WITH (fillfactor = 70);
-- The tasks of the last day that nobody answered or that are late; BRIN, so that no update has to touch it.
CREATE INDEX tasks_requested ON tasks USING brin (requested_at)
    WITH (pages_per_range = 32, autosummarize = on);

CREATE TABLE task_events (
    task_id uuid NOT NULL,
    seq integer NOT NULL CHECK (seq >= 1),
    type text NOT NULL,
    at timestamptz NOT NULL,
    data json,
    PRIMARY KEY (task_id, seq)
);

-- Only requests that made a task. The fingerprint is in the task's row.
CREATE TABLE idempotency_keys (
    account_id uuid NOT NULL,
    surface text NOT NULL,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    task_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, surface, key)
);

CREATE TABLE grants (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts,
    asset text NOT NULL CHECK (asset IN ('credit', 'test')),
    amount_micro bigint NOT NULL CHECK (amount_micro <> 0),
    kind text NOT NULL CHECK (kind IN ('topup', 'plan', 'promotion', 'refund', 'adjustment')),
    reason text NOT NULL CHECK (reason <> ''),
    granted_at timestamptz NOT NULL DEFAULT now(),
    answered_at timestamptz
);

-- Result links: who has the token has the file, until it is revoked.
CREATE TABLE links (
    token text PRIMARY KEY,
    task_id uuid NOT NULL,
    bucket text NOT NULL,
    object_key text NOT NULL,
    file_name text NOT NULL,
    content_type text NOT NULL,
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    sha256 text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);
"""


def upgrade() -> None:
    """Make the tables."""
    script(op.get_bind(), RUNTIME_DDL + DDL)

"""Jobs, attempts, slots and rates."""

from alembic import op
from runtime.migrate import RUNTIME_DDL, WORK_DDL, script

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JOBS = """
-- A row per task, a column per fact; `attempt` is the number of the newest attempt.
CREATE TABLE jobs (
    task_id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    requested_at timestamptz,
    asset text CHECK (asset IN ('credit', 'test')),
    model text,
    input json,
    derive json,
    price_rule json,
    deadline timestamptz,
    traceparent text,
    frozen_at timestamptz,
    cancel_requested_at timestamptz,
    cancel_reason text CHECK (cancel_reason IN ('client', 'deadline', 'operator')),
    settled_at timestamptz,
    settled_outcome text CHECK (settled_outcome IN ('settled', 'released', 'refused')),
    attempt integer NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    completed_at timestamptz,
    outcome text CHECK (outcome IN ('succeeded', 'failed', 'cancelled')),
    error_code text,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK (requested_at IS NULL
           OR num_nulls(asset, model, input, derive, price_rule, deadline) = 0),
    CHECK (frozen_at IS NULL OR deadline IS NOT NULL),
    CHECK ((cancel_requested_at IS NULL) = (cancel_reason IS NULL)),
    CHECK ((settled_at IS NULL) = (settled_outcome IS NULL)),
    CHECK ((completed_at IS NULL) = (outcome IS NULL)),
    CHECK ((error_code IS NULL) = (outcome IS NULL OR outcome = 'succeeded'))
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
"""

ATTEMPTS = """
-- Numbered 1..n per task; the row says `submitting` before the call. `sends` counts the calls under a number:
-- it is reused only after a definite word that nothing was taken (`deferred`).
CREATE TABLE attempts (
    task_id uuid NOT NULL REFERENCES jobs,
    n integer NOT NULL CHECK (n >= 1),
    status text NOT NULL CHECK (status IN ('submitting', 'deferred', 'submitted', 'succeeded', 'failed',
                                           'cancelled', 'absent', 'unknown')),
    provider text NOT NULL,
    protocol text NOT NULL,
    model text NOT NULL,
    credential_id text NOT NULL,
    correlation text NOT NULL CHECK (length(correlation) <= 64),
    sends integer NOT NULL DEFAULT 1 CHECK (sends >= 1),
    submitting_at timestamptz NOT NULL DEFAULT now(),
    submitted_at timestamptz,
    provider_job_id text,
    hint_job_id text,
    polls integer NOT NULL DEFAULT 0 CHECK (polls >= 0),
    polled_at timestamptz,
    gone_at timestamptz,
    cancel text CHECK (cancel IN ('accepted', 'refused')),
    progress text CHECK (progress IN ('submitted', 'queued', 'processing')),
    percent integer CHECK (percent BETWEEN 0 AND 100),
    error_class text,
    error_code text,
    error_message text,
    usage json,
    actual_micro bigint CHECK (actual_micro >= 0),
    cost_rule json,
    cost_micro bigint CHECK (cost_micro >= 0),
    orphan text CHECK (orphan IN ('suspected', 'confirmed', 'cleared')),
    ended_at timestamptz,
    PRIMARY KEY (task_id, n),
    CHECK (status NOT IN ('submitted', 'succeeded', 'cancelled') OR provider_job_id IS NOT NULL),
    CHECK ((ended_at IS NULL) = (status IN ('submitting', 'deferred', 'submitted')))
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
-- One provider job belongs to one attempt; also finds the attempt of a webhook that names only the job.
CREATE UNIQUE INDEX attempts_provider_job ON attempts (provider, credential_id, provider_job_id)
    WHERE provider_job_id IS NOT NULL;
-- `python -m dispatcher orphans`.
CREATE INDEX attempts_orphans ON attempts (task_id) WHERE orphan IN ('suspected', 'confirmed');
"""

LIMITS = """
-- What a provider allows, shared by all replicas: a row per concurrent job, taken under a lease. Attempt 0:
-- kept for a task that waited for it. Who waits is a row of `work` of the kind turn:{provider}/{credential}.
CREATE TABLE slots (
    provider text NOT NULL,
    credential_id text NOT NULL,
    n integer NOT NULL CHECK (n >= 1),
    task_id uuid,
    attempt integer,
    leased_until timestamptz,
    PRIMARY KEY (provider, credential_id, n),
    CHECK (num_nulls(task_id, attempt, leased_until) IN (0, 3))
) WITH (fillfactor = 50);

-- A row per limited kind of call: calls up to `next_at` are given away.
CREATE TABLE rates (
    provider text NOT NULL,
    credential_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('submit', 'poll')),
    next_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (provider, credential_id, kind)
) WITH (fillfactor = 50);
"""


REPORTS = """
-- What each worker process has seen of a provider's key; written every few seconds, read by whoever asks.
CREATE TABLE provider_reports (
    instance text NOT NULL,
    provider text NOT NULL,
    credential_id text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    report json NOT NULL,
    PRIMARY KEY (instance, provider, credential_id)
) WITH (fillfactor = 50);
"""


def upgrade() -> None:
    script(op.get_bind(), RUNTIME_DDL + WORK_DDL + JOBS + ATTEMPTS + LIMITS + REPORTS)

"""Webhooks as they came in, and the outbox that speaks of them."""

from alembic import op
from runtime.migrate import script
from runtime.outbox.table import DDL as OUTBOX_DDL

revision = "0001"
down_revision = None

WEBHOOKS_DDL = """
CREATE TABLE webhooks (
    id uuid PRIMARY KEY,
    provider text NOT NULL CHECK (provider <> ''),
    account_id uuid NOT NULL,
    task_id uuid NOT NULL,
    attempt integer NOT NULL CHECK (attempt >= 1),
    provider_job_id text,
    final boolean NOT NULL,
    headers jsonb NOT NULL CHECK (jsonb_typeof(headers) = 'object'),
    body bytea NOT NULL CHECK (octet_length(body) <= 1048576),
    body_hash bytea NOT NULL CHECK (octet_length(body_hash) = 32),
    received_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (task_id, attempt, provider, body_hash)  -- a repeat says nothing new; also what came for a task
);
CREATE INDEX webhooks_received ON webhooks (received_at);  -- the retention job's walk from the oldest
COMMENT ON COLUMN webhooks.provider_job_id IS 'as the body says: a lead, never believed';
COMMENT ON COLUMN webhooks.body_hash IS 'sha256 of the body';
"""


def upgrade() -> None:
    script(op.get_bind(), OUTBOX_DDL + WEBHOOKS_DDL)

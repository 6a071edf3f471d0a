"""What a request may bring along, cancelling, deleting, and first answers kept to the byte."""

from alembic import op
from runtime.migrate import script

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

DDL = """
ALTER TABLE tasks
    ADD COLUMN metadata json,
    ADD COLUMN webhook_url text,
    ADD COLUMN cancel_requested_at timestamptz,
    ADD COLUMN deleted_at timestamptz CHECK (deleted_at IS NULL OR finished_at IS NOT NULL);
-- An account's tasks, newest first, and what its retention has still to scrub. Only a deletion touches it.
CREATE INDEX tasks_account ON tasks (account_id, id DESC) WHERE deleted_at IS NULL;

ALTER TABLE accounts
    ADD COLUMN retention_days smallint CHECK (retention_days BETWEEN 1 AND 3650);

DROP TABLE idempotency_keys;
-- Only requests that made tasks. The fingerprint is in the tasks' rows; no answer: it was scrubbed with them.
CREATE TABLE idempotency_keys (
    account_id uuid NOT NULL,
    surface text NOT NULL,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    task_ids uuid[] NOT NULL CHECK (cardinality(task_ids) >= 1),
    answer text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, surface, key)
);
-- Those that are old enough to be forgotten.
CREATE INDEX idempotency_keys_created ON idempotency_keys USING brin (created_at)
    WITH (pages_per_range = 32, autosummarize = on);
"""


def upgrade() -> None:
    """Change the tables."""
    script(op.get_bind(), DDL)

"""Webhooks that name no task, and tasks that were deleted."""

from alembic import op
from runtime.migrate import script

revision = "0003"
down_revision = "0002"

DDL = """
ALTER TABLE webhooks
    ALTER COLUMN account_id DROP NOT NULL,
    ALTER COLUMN task_id DROP NOT NULL,
    ALTER COLUMN attempt DROP NOT NULL,
    ADD COLUMN signed boolean NOT NULL DEFAULT false,
    ADD CHECK (num_nulls(account_id, task_id, attempt) IN (0, 3)),
    DROP CONSTRAINT webhooks_task_id_attempt_provider_body_hash_key,
    ADD UNIQUE NULLS NOT DISTINCT (task_id, attempt, provider, body_hash);
COMMENT ON COLUMN webhooks.signed IS 'the provider signed it';

-- A task's end and its deletion come by different topics: whichever is first.
CREATE TABLE deleted_tasks (
    task_id uuid PRIMARY KEY,
    deleted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX deleted_tasks_at ON deleted_tasks (deleted_at);  -- the retention job's walk from the oldest
"""


def upgrade() -> None:
    script(op.get_bind(), DDL)

"""What the surface of `/api` keeps beside its tasks: numbers per account, favourites, shares, the gallery."""

from alembic import op
from runtime.migrate import script

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

DDL = """
ALTER TABLE accounts ADD COLUMN generations integer NOT NULL DEFAULT 0 CHECK (generations >= 0);
COMMENT ON COLUMN accounts.generations IS 'the number of its newest generation';

CREATE TABLE generations (
    account_id uuid NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    task_id uuid NOT NULL,
    is_favorite boolean NOT NULL DEFAULT false,
    share_token text,
    published_at timestamptz,
    PRIMARY KEY (account_id, number)
);
CREATE UNIQUE INDEX generations_task ON generations (task_id);  -- a job's number
CREATE UNIQUE INDEX generations_share ON generations (share_token) WHERE share_token IS NOT NULL;
CREATE INDEX generations_gallery ON generations (published_at DESC) WHERE published_at IS NOT NULL;

-- An account's deleted tasks still count in what it has made and spent. Only a deletion touches it.
CREATE INDEX tasks_account_deleted ON tasks (account_id, id) WHERE deleted_at IS NOT NULL;
"""


def upgrade() -> None:
    """Make the table."""
    script(op.get_bind(), DDL)

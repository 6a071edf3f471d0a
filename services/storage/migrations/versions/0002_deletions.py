"""Tasks whose results are to be forgotten."""

from alembic import op
from runtime.migrate import script

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

DDL = """
-- Stays for ever: a result that is told of later, or again, is not copied.
CREATE TABLE deletions (
    task_id uuid PRIMARY KEY,
    deleted_at timestamptz NOT NULL,
    erased_at timestamptz
);
"""


def upgrade() -> None:
    """Make the table."""
    script(op.get_bind(), DDL)

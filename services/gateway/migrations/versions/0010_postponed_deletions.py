"""Deletions that were said before a restore, of tasks whose end is still to be read again."""

from alembic import op
from runtime.migrate import script

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

DDL = """
CREATE TABLE postponed_deletions (
    task_id uuid PRIMARY KEY,
    reason text NOT NULL CHECK (reason IN ('client', 'retention', 'operator'))
);
"""


def upgrade() -> None:
    """Make the table."""
    script(op.get_bind(), DDL)

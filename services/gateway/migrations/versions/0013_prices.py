"""The prices that were last offered: what a release changes of them is told in the audit log."""

from alembic import op
from runtime.migrate import script

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

DDL = """
CREATE TABLE prices (
    model      text PRIMARY KEY,
    rows       json NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
"""


def upgrade() -> None:
    """Make the table."""
    script(op.get_bind(), DDL)

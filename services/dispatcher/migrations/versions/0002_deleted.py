"""When a task's input was forgotten."""

from alembic import op
from runtime.migrate import script

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    script(op.get_bind(), "ALTER TABLE jobs ADD COLUMN deleted_at timestamptz")

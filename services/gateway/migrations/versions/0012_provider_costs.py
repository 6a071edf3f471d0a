"""What a task cost at its provider, for the operator's margin."""

from alembic import op
from runtime.migrate import script

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

DDL = """
-- Null: not known, or nothing has been said yet.
ALTER TABLE tasks
    ADD COLUMN completed_provider text,
    ADD COLUMN cost_micro bigint CHECK (cost_micro >= 0);
"""


def upgrade() -> None:
    """Add the columns."""
    script(op.get_bind(), DDL)

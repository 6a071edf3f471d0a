"""An account's tasks by their time, for its usage: deleted ones count too."""

from alembic import op
from runtime.migrate import script

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

DDL = """
-- An account's usage in a range of days. Neither column ever changes, so no update touches it.
CREATE INDEX tasks_usage ON tasks (account_id, requested_at);
"""


def upgrade() -> None:
    """Add the index."""
    script(op.get_bind(), DDL)

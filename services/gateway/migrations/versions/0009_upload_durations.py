"""How long an uploaded video or sound is, for models that are priced by it."""

from alembic import op
from runtime.migrate import script

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

DDL = """
-- Null: a picture, or a file that storage wasn't asked about.
ALTER TABLE uploads ADD COLUMN duration_ms integer CHECK (duration_ms >= 0);
"""


def upgrade() -> None:
    """Add the column."""
    script(op.get_bind(), DDL)

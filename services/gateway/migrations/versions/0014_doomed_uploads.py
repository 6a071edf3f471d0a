"""Uploads whose objects are to go, found without reading the others."""

from alembic import op
from runtime.migrate import script

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

DDL = """
CREATE INDEX uploads_doomed ON uploads (id) WHERE state = 'deleted';
"""


def upgrade() -> None:
    """Add the index."""
    script(op.get_bind(), DDL)

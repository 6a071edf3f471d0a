"""When an account's owner wants to be warned of few credits, and whether that has been said."""

from alembic import op
from runtime.migrate import script

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

DDL = """
ALTER TABLE accounts ADD COLUMN credits_low_micro bigint CHECK (credits_low_micro > 0);
ALTER TABLE balances ADD COLUMN low boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN balances.low IS 'below the threshold, and its owner was told';
"""


def upgrade() -> None:
    """Add the columns."""
    script(op.get_bind(), DDL)

"""Who may operate is said of the account, and every key of it inherits that."""

from alembic import op
from runtime.migrate import script

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

DDL = """
ALTER TABLE accounts ADD COLUMN role text NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'admin'));
UPDATE accounts a SET role = 'admin'
WHERE EXISTS (SELECT FROM api_keys k WHERE k.account_id = a.id AND k.role = 'admin');
ALTER TABLE api_keys DROP COLUMN role;
"""


def upgrade() -> None:
    """Move the role."""
    script(op.get_bind(), DDL)

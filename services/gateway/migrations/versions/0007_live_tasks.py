"""Count the tasks that were unfinished before they were counted: their ends are taken off."""

from alembic import op
from runtime.migrate import script

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SQL = """
LOCK TABLE balances IN EXCLUSIVE MODE;
UPDATE balances b SET live_tasks = coalesce(open.tasks, 0)
FROM balances known LEFT JOIN (
    SELECT account_id, asset, count(*)::integer AS tasks FROM tasks WHERE finished_at IS NULL GROUP BY 1, 2
) AS open USING (account_id, asset)
WHERE (b.account_id, b.asset) = (known.account_id, known.asset);
"""


def upgrade() -> None:
    """Count them."""
    script(op.get_bind(), SQL)

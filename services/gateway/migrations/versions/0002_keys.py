"""What a key may do and spend, how many tasks an account may have at once, and who changed what."""

from alembic import op
from runtime.migrate import script

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

DDL = """
ALTER TABLE api_keys
    ADD COLUMN scopes text[] NOT NULL DEFAULT '{read,write,keys}'
        CHECK (scopes <@ '{read,write,keys}' AND scopes <> '{}'),
    ADD COLUMN expires_at timestamptz,
    ADD COLUMN deleted_at timestamptz,
    ADD COLUMN requests_per_minute integer CHECK (requests_per_minute > 0),
    ADD COLUMN spend_cap_micro bigint CHECK (spend_cap_micro >= 0),
    -- Quotes of its open tasks and charges of its closed ones; kept only while there is a cap.
    ADD COLUMN committed_micro bigint NOT NULL DEFAULT 0 CHECK (committed_micro >= 0);

ALTER TABLE accounts ADD COLUMN max_live_tasks integer CHECK (max_live_tasks > 0);  -- null: the tier's
ALTER TABLE balances ADD COLUMN live_tasks integer NOT NULL DEFAULT 0 CHECK (live_tasks >= 0);

-- Who changed accounts, keys, credits and prices, when and why. Never updated.
CREATE TABLE audit_log (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL CHECK (actor <> ''),
    actor_account_id uuid,
    account_id uuid,
    action text NOT NULL CHECK (action <> ''),
    subject text NOT NULL,
    reason text,
    detail json NOT NULL
);
CREATE INDEX audit_log_account ON audit_log (account_id, id);  -- what happened to an account
"""


def upgrade() -> None:
    """Add the columns and the log."""
    script(op.get_bind(), DDL)

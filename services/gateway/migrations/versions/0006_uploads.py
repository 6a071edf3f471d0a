"""Files that customers bring, until nothing uses them any more."""

from alembic import op
from runtime.migrate import script

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

DDL = """
-- Everything of an upload in the object store is below `prefix`. `pending`: not checked yet; `deleted`: its
-- objects have still to go, then the row goes too.
CREATE TABLE uploads (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    token text NOT NULL UNIQUE,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'ready', 'deleted')),
    bucket text NOT NULL,
    prefix text NOT NULL,
    object_key text,
    file_name text NOT NULL,
    kind text CHECK (kind IN ('image', 'video', 'audio')),
    content_type text,
    size_bytes bigint CHECK (size_bytes > 0),
    sha256 text CHECK (length(sha256) = 64),
    width integer CHECK (width > 0),
    height integer CHECK (height > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    CHECK (state <> 'ready' OR num_nulls(object_key, kind, content_type, size_bytes, sha256) = 0)
);
CREATE INDEX uploads_account ON uploads (account_id, id DESC) WHERE state = 'ready';  -- an account's list
CREATE INDEX uploads_expiring ON uploads (expires_at);  -- those whose time is over
"""


def upgrade() -> None:
    """Make the table."""
    script(op.get_bind(), DDL)

"""Tasks whose results are to be copied, and the copies."""

from alembic import op
from runtime.migrate import RUNTIME_DDL, WORK_DDL, script

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TASKS = """
-- A row per task that a provider has finished; `ended_at` is set once, with the word that goes out.
CREATE TABLE tasks (
    task_id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    attempt integer NOT NULL CHECK (attempt >= 0),
    provider text,
    protocol text,
    provider_job_id text,
    credential_id text,
    derive json NOT NULL,
    deadline timestamptz NOT NULL,
    traceparent text,
    accepted_at timestamptz NOT NULL DEFAULT now(),
    fault_code text,
    fault_message text,
    fault_count integer NOT NULL DEFAULT 0 CHECK (fault_count >= 0),
    ended_at timestamptz,
    outcome text CHECK (outcome IN ('stored', 'failed')),
    error_code text,
    error_message text,
    CHECK ((ended_at IS NULL) = (outcome IS NULL)),
    CHECK ((outcome IS NOT DISTINCT FROM 'failed') = (error_code IS NOT NULL)),
    CHECK ((fault_count = 0) = (fault_code IS NULL))
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
COMMENT ON COLUMN tasks.fault_code IS 'why the last try failed; fault_count tries in a row failed like that';
"""

COPIES = """
-- A row per output of the provider, and one per file derived from it; filled when all of a task are stored.
CREATE TABLE copies (
    task_id uuid NOT NULL REFERENCES tasks,
    attempt integer NOT NULL,
    index integer NOT NULL CHECK (index >= 0),
    kind text NOT NULL CHECK (kind IN ('video', 'image', 'audio', 'subtitle', 'mesh', 'text')),
    role text,
    url text,
    object_key text,
    link_token text,
    file_name text,
    content_type text,
    size_bytes bigint CHECK (size_bytes > 0),
    sha256 text CHECK (length(sha256) = 64),
    width integer CHECK (width > 0),
    height integer CHECK (height > 0),
    duration_ms bigint CHECK (duration_ms > 0),
    has_audio boolean,
    stored_at timestamptz,
    PRIMARY KEY (task_id, attempt, index),
    CHECK (num_nulls(object_key, link_token, file_name, content_type, size_bytes, sha256, stored_at)
           IN (0, 7)),
    CHECK (url IS NOT NULL OR stored_at IS NOT NULL)
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
COMMENT ON COLUMN copies.url IS 'at the provider; a derived file has none';
"""


def upgrade() -> None:
    script(op.get_bind(), RUNTIME_DDL + WORK_DDL + TASKS + COPIES)

"""Customers' webhooks: endpoints, what they are told, and every attempt to tell it."""

from alembic import op
from runtime.bus.dead_letters import DDL as DEAD_LETTERS_DDL
from runtime.bus.offsets import DDL as OFFSETS_DDL
from runtime.migrate import WORK_DDL, script

revision = "0002"
down_revision = "0001"

DDL = """
CREATE TABLE endpoints (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    url text CHECK (url <> ''),
    description text NOT NULL DEFAULT '',
    events text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz,
    disabled_reason text CHECK (disabled_reason IN ('owner', 'gone', 'failing')),
    failing_since timestamptz,
    polled_at timestamptz,
    CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL)),
    CHECK ((url IS NULL) = (polled_at IS NOT NULL))
);
CREATE INDEX endpoints_account ON endpoints (account_id, id);  -- whom an account's news go to
COMMENT ON COLUMN endpoints.url IS 'null: a listener, which fetches its news and ends when it no longer does';
COMMENT ON COLUMN endpoints.events IS 'the types that it wants; empty: all';
COMMENT ON COLUMN endpoints.failing_since IS 'the first failed attempt since the last success';

-- No secret is kept: each is derived from the service's key, its owner and this number.
CREATE TABLE signing_secrets (
    owner_id uuid PRIMARY KEY,  -- an endpoint, or an account for what its tasks ask to send
    generation integer NOT NULL CHECK (generation >= 1),
    rotated_at timestamptz NOT NULL DEFAULT now(),
    previous_until timestamptz NOT NULL
);

CREATE TABLE messages (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    type text NOT NULL,
    task_id uuid,
    at timestamptz NOT NULL,
    data json,
    traceparent text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX messages_created ON messages (created_at);  -- the retention job's walk from the oldest
CREATE INDEX messages_task ON messages (task_id) WHERE task_id IS NOT NULL;  -- what a deleted task left here
COMMENT ON COLUMN messages.data IS 'null once its task was deleted';

CREATE TABLE deliveries (
    id uuid PRIMARY KEY,
    message_id uuid NOT NULL,
    account_id uuid NOT NULL,
    endpoint_id uuid,
    url text,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'given_up')),
    reason text,
    round integer NOT NULL DEFAULT 1 CHECK (round >= 1),
    round_began_at timestamptz NOT NULL DEFAULT now(),
    round_attempts integer NOT NULL DEFAULT 0 CHECK (round_attempts >= 0),
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= round_attempts),
    last_status integer,
    next_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    UNIQUE NULLS NOT DISTINCT (message_id, endpoint_id),
    CHECK ((endpoint_id IS NULL) = (url IS NOT NULL)),
    CHECK ((state = 'pending') = (ended_at IS NULL)),
    CHECK ((state = 'given_up') = (reason IS NOT NULL))
) WITH (fillfactor = 70);
CREATE INDEX deliveries_account ON deliveries (account_id, id DESC);  -- an account's log, newest first
CREATE INDEX deliveries_endpoint ON deliveries (endpoint_id, created_at);  -- a time range
COMMENT ON COLUMN deliveries.round IS 'one more each time that somebody asks to deliver again';

CREATE TABLE delivery_attempts (
    delivery_id uuid NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    at timestamptz NOT NULL DEFAULT now(),
    status integer,
    error text,
    latency_ms integer NOT NULL CHECK (latency_ms >= 0),
    response text,
    PRIMARY KEY (delivery_id, number)
);
COMMENT ON COLUMN delivery_attempts.response IS 'the beginning of what the customer answered';
"""


def upgrade() -> None:
    script(op.get_bind(), OFFSETS_DDL + DEAD_LETTERS_DDL + WORK_DDL + DDL)

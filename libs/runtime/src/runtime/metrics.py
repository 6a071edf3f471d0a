"""What every process exports of its plumbing: each metric once, with its unit and meaning.

A service has a file like this of its own. `docs/metrics.md` is made from all of them.
"""

from prometheus_client import Counter, Gauge

READY = Gauge("framebus_ready", "1 while the process may be given work, else 0", ["service"])
POOL = Gauge("framebus_db_pool_connections", "Connections in the process's pool", ["service", "state"])
POOL_LIMIT = Gauge("framebus_db_pool_limit", "The most connections that the pool may have", ["service"])

HANDLED = Counter("framebus_consumer_records", "Records handled, dead letters included", ["service"])
LAG = Gauge(
    "framebus_consumer_lag",
    "Records in Kafka that the group has not handled: the partition's end less the stored offset",
    ["service", "group", "topic", "partition"],
)
DEAD_LETTERS = Counter("framebus_dead_letters", "Records that became dead letters", ["service"])
OPEN_DEAD_LETTERS = Gauge(
    "framebus_dead_letters_open", "Dead letters that nobody has replayed", ["service", "topic"]
)

SENT = Counter("framebus_outbox_records", "Outbox rows acknowledged by Kafka", ["service"])
DELAY = Gauge(
    "framebus_outbox_delay_seconds",
    "Age of the oldest outbox row that Kafka has not acknowledged, 0 when all is sent",
    ["service"],
    unit="seconds",
)
BLOCKED = Gauge(
    "framebus_outbox_blocked_seconds",
    "How long rows have been waiting for an older transaction of the cluster to end",
    ["service"],
    unit="seconds",
)
HORIZON = Gauge(
    "framebus_db_horizon_age_seconds",
    "How long the oldest running transaction of the Postgres cluster has been the same: it holds up outboxes",
    ["service"],
    unit="seconds",
)

WORK = Gauge(
    "framebus_work_rows",
    "Rows of slow work: `due` now, `leased` by a worker, `later`",
    ["service", "kind", "state"],
)
OLDEST_WORK = Gauge(
    "framebus_work_oldest_due_seconds",
    "How long the row that is due longest has been waiting for a worker",
    ["service", "kind"],
    unit="seconds",
)

MEASURED = Gauge(
    "framebus_measured_timestamp_seconds",
    "When the gauges that come from the database and the broker were last set (Unix time)",
    ["service"],
    unit="seconds",
)

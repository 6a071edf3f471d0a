"""What `/metrics` says of the plumbing; a service adds its own."""

from prometheus_client import Counter, Gauge

HANDLED = Counter("framebus_consumer_records", "Records handled, dead letters included", ["service"])
DEAD_LETTERS = Counter("framebus_dead_letters", "Records that became dead letters", ["service"])
LAG = Gauge("framebus_consumer_lag", "Records seen in Kafka and not handled yet", ["service"])
SENT = Counter("framebus_outbox_records", "Outbox rows acknowledged by Kafka", ["service"])
DELAY = Gauge(
    "framebus_outbox_delay_seconds", "Age of the oldest row at the last send, 0 when all is sent", ["service"]
)
BLOCKED = Gauge(
    "framebus_outbox_blocked_seconds",
    "How long rows have been waiting for an older transaction of the cluster to end",
    ["service"],
)

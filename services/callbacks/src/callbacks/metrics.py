"""What callbacks exports of its own: each metric once, with its unit and meaning."""

from prometheus_client import Counter, Gauge, Histogram

WEBHOOKS = Counter("callbacks_webhooks", "Providers' webhooks by what became of them", ["outcome"])
ATTEMPTS = Counter(
    "callbacks_delivery_attempts",
    "Attempts to deliver by what followed: arrived, again, givenup",
    ["outcome"],
)
for _outcome in ("arrived", "again", "givenup"):  # a count that is born as 1 has no rate: it begins as 0
    ATTEMPTS.labels(_outcome)
LATENCY = Histogram(
    "callbacks_delivery_seconds", "How long customers' endpoints take to answer", unit="seconds"
)
ENDED = Counter(
    "callbacks_deliveries_ended", "Deliveries that arrived or were given up, by why", ["state", "reason"]
)
PENDING = Gauge(
    "callbacks_deliveries_pending",
    "Deliveries on their way: `new`, or `retrying` after a failed attempt",
    ["state"],
)
OLDEST_PENDING = Gauge(
    "callbacks_oldest_pending_seconds", "Age of the oldest delivery on its way", ["state"], unit="seconds"
)
ENDPOINTS = Gauge("callbacks_endpoints", "Customers' endpoints: working, failing, disabled", ["state"])

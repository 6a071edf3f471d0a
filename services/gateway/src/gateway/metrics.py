"""What the gateway exports of its own: each metric once, with its unit and meaning."""

from prometheus_client import Counter, Gauge, Histogram

_STEP_SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 2, 5, 10, 20, 60, 120, 300, 600, 1800, 3600, 14_400)

REQUESTS = Histogram(
    "gateway_request_seconds",
    "Requests of clients, until the answer begins; `status` is its class (2xx)",
    ["surface", "method", "status"],
    unit="seconds",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
SUBMITS = Counter(
    "gateway_submits",
    "Orders by what became of them: accepted, replayed, or the code of the refusal",
    ["surface", "outcome"],
)
WRONG_KEYS = Counter(
    "gateway_wrong_keys",
    "Requests with an API key that is none of ours: `refused`, or `limited` when their address sent too many",
    ["outcome"],
)
REPEATED = Counter("gateway_requests_repeated", "Requests said again because the ledger had not answered")

STEPS = Histogram(
    "gateway_task_step_seconds",
    "What tasks spent on each step: `frozen` since the request, `submitted` to a provider since the hold, "
    "`completed` since the submit, `stored` since the completion, `settled` since the store",
    ["step"],
    unit="seconds",
    buckets=_STEP_SECONDS,
)
TASKS = Histogram(
    "gateway_task_seconds",
    "Tasks that ended, from the request to the end",
    ["status"],
    unit="seconds",
    buckets=_STEP_SECONDS,
)
FAILURES = Counter("gateway_tasks_not_succeeded", "Tasks that failed or were cancelled, by why", ["reason"])

LIVE = Gauge(
    "gateway_tasks_live",
    "Unfinished tasks of the last two days by the last fact known: `requested`, `frozen`, `submitted`, "
    "`completed` by the provider, `stored`",
    ["phase"],
)
OVERDUE = Gauge("gateway_tasks_overdue", "Tasks more than a minute past their deadline without an end")
UNANSWERED = Gauge(
    "gateway_oldest_unanswered_seconds",
    "How long the oldest request that the ledger has not answered has been waiting, 0 if there is none",
    unit="seconds",
)

UPLOADS = Counter(
    "gateway_uploads", "Files that customers brought: kept, or the code of the refusal", ["outcome"]
)
UPLOADED = Counter("gateway_uploaded_bytes", "Bytes of files that were kept", ["kind"], unit="bytes")
UPLOADS_HELD = Gauge("gateway_uploads_held", "Files that customers brought and that are there", ["state"])
UPLOADS_SIZE = Gauge(
    "gateway_uploads_held_bytes", "What the files that are there take in the object store", unit="bytes"
)

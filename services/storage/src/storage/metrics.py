"""What storage exports of its own: each metric once, with its unit and meaning."""

from prometheus_client import Counter, Histogram

STORED = Counter("storage_stored_bytes", "Bytes of results that were stored", ["kind"], unit="bytes")
FILES = Counter("storage_files", "Files that were stored, derived ones included", ["kind"])
TRIES = Counter(
    "storage_tries",
    "Tries to copy a task's results: stored, again, given_up; `fault` is the code of what went wrong",
    ["outcome", "fault"],
)
TRY_SECONDS = Histogram(
    "storage_try_seconds",
    "How long tries took, from the claim to the word",
    ["outcome"],
    unit="seconds",
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600),
)

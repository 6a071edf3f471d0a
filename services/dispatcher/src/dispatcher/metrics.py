"""What the dispatcher exports of its own: each metric once, with its unit and meaning."""

from prometheus_client import Counter, Gauge, Histogram

MICRO_PER_CREDIT = 1_000_000

ANSWERS = Counter(
    "dispatcher_provider_answers",
    "Providers' answers: `kind` is the call (submit, poll), `answer` what it meant",
    ["provider", "kind", "answer"],
)
CALL_SECONDS = Histogram(
    "dispatcher_provider_call_seconds", "How long calls took", ["provider", "kind"], unit="seconds"
)
ATTEMPTS = Counter(
    "dispatcher_attempts",
    "Attempts that came to a status or met a problem, with its class (empty if there was none)",
    ["provider", "status", "problem"],
)
COST = Counter(
    "dispatcher_provider_cost_credits",
    "What providers charge us, where a route says it",
    ["provider"],
    unit="credits",
)
CIRCUITS = Gauge(
    "dispatcher_circuits_open",
    "1 while this process leaves a provider in peace",
    ["provider", "credential", "kind"],
)
SET_ASIDE = Gauge(
    "dispatcher_credentials_set_aside", "1 while a provider doesn't accept a key", ["provider", "credential"]
)
SLOTS = Gauge("dispatcher_slots", "Jobs that a provider allows at once", ["provider", "state"])
SLOT_WAITERS = Gauge("dispatcher_slot_waiters", "Tasks that wait for a slot of a provider", ["provider"])
ORPHANS = Gauge(
    "dispatcher_orphans", "Jobs that the operator may have paid for nothing: suspected, confirmed", ["state"]
)
OVERDUE = Gauge("dispatcher_jobs_overdue", "Open jobs more than a minute past their deadline")

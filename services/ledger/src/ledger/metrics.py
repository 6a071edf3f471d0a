"""What the ledger exports of its own: each metric once, with its unit and meaning.

Credits here are for graphs; the books are exact.
"""

from prometheus_client import Counter, Gauge

MICRO_PER_CREDIT = 1_000_000

MOVED = Counter(
    "ledger_moved_credits",
    "Credits moved, by the kind of the transfer: grant, freeze, settle, release, expire, takeback, writeoff",
    ["asset", "kind"],
    unit="credits",
)
for _asset in ("credit", "test"):  # a count that is born as 1 has no rate: it begins as 0
    for _kind in ("grant", "freeze", "settle", "release", "expire", "takeback", "writeoff"):
        MOVED.labels(_asset, _kind)
ANSWERS = Counter(
    "ledger_answers",
    "What the ledger said of tasks: frozen, settled, released, refused; `reason` is the stable code",
    ["outcome", "reason"],
)
BALANCES = Gauge(
    "ledger_balance_credits", "What all accounts have together", ["asset", "part"], unit="credits"
)
EXPIRED = Gauge("ledger_holds_expired", "Open holds more than five minutes past their time")
SWEEPER_PAUSED = Gauge("ledger_sweeper_paused", "1 while the sweeper lets no hold expire, else 0")
FINDINGS = Gauge("ledger_book_findings", "Contradictions that the last asked-for check of the books found")

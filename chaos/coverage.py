"""S1-S10: what has to be seen, or a clean audit means little."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from runtime.failpoints import PLACES

from chaos.books import Books
from chaos.evidence import Evidence
from chaos.history import History
from chaos.report import Condition, told


def conditions(
    history: History, books: Books, found: Evidence, logged: Sequence[Mapping[str, Any]]
) -> list[Condition]:
    """All ten, with how often each was seen."""
    events = Counter(str(line.get("event")) for line in logged)
    fired = Counter(str(line.get("name")) for line in logged if line.get("event") == "failpoint")
    twice = sum(many - 1 for ids in found.topics.events.values() for many in ids.values())
    early, replayed = _early(found), sum(x["replayed"] for each in found.letters.values() for x in each)
    counted, uncounted = history.seen["unknown, had counted"], history.seen["unknown, had not counted"]
    orphans = Counter(str(a["orphan"]) for a in found.attempts if a["orphan"])
    refused = history.seen["refused for want of credits"]
    expiry, success = _expiry_first(books, found), _success_first(books)
    deadlocks = sum("DeadlockDetected" in str(line.get("error")) for line in logged)
    missed = sorted(set(PLACES) - set(fired))
    return [
        Condition("S1", "failpoints fired", len(fired), f"{', '.join(sorted(fired))}; {len(missed)} not"),
        Condition("S2", "an event published twice", twice),
        Condition("S3", "a webhook before the submit's answer was recorded", early),
        Condition("S4a", "expiry beat success", expiry),
        Condition("S4b", "success beat expiry", success),
        Condition("S5", "a batch fenced by the stored offsets", events["offset_mismatch"]),
        Condition("S6a", "an unknown outcome that had counted", counted),
        Condition("S6b", "an unknown outcome that had not", uncounted),
        Condition("S7", "a deadlock, tried again", deadlocks),
        Condition("S8", "a dead letter replayed", replayed),
        Condition("S9", "an orphan found", sum(orphans.values()), told(orphans)),
        Condition("S10", "a refusal for want of credits", refused),
    ]


def _early(found: Evidence) -> int:
    """Webhooks that were on disk before the dispatcher had the answer to its submit."""
    count = 0
    for attempt in found.attempts:
        webhook = found.webhooks.get((attempt["task_id"], attempt["n"]))
        submitted = attempt["submitted_at"]
        count += webhook is not None and (submitted is None or webhook["first"] < submitted)
    return count


def _expiry_first(books: Books, found: Evidence) -> int:
    """Holds given back by the sweeper although the provider had succeeded, or did so later."""
    expired = {str(t["task_id"]) for t in books.tasks if t["reason"] == "hold_expired"}
    return len(expired & {a["task_id"] for a in found.attempts if a["outcome"] == "succeeded"})


def _success_first(books: Books) -> int:
    """Holds that were past their time and settled before the sweeper came."""
    return sum(t["outcome"] == "settled" and t["closed_at"] > t["expires_at"] for t in books.tasks)

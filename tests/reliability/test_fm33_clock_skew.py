"""33: the services' clocks differ. Decisions are made by the clock of the database that owns the rows."""

import ast
import time
from pathlib import Path

import pytest
from dispatcher_tools import Dispatcher, frozen, requested, until

ROOT = Path(__file__).parents[2]
CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
OWN_CLOCK = {
    "callbacks/usecases/receive_webhook.py": "a signature's age: minutes are tolerated by the protocols",
    "callbacks/usecases/redeliver.py": "when a message for trying an endpoint was made: shown",
    "callbacks/outbound/post.py": "a Retry-After that is a date: turned into seconds to wait",
    "dispatcher/commands.py": "the end of a report that names none",
    "dispatcher/usecases/sign_in.py": "an assertion for a provider's token: theirs to check",
    "gateway/usecases/explain_attempts.py": "whether a slow task is explained yet: shown",
    "gateway/outbound/rate_store.py": "seconds until a limit is renewed: a header",
    "gateway/inbound/http/v1/usage.py": "the end of a report that names none",
    "gateway/inbound/http/v1/keys.py": "refuses an expiry that is past; the database decides who is let in",
    "gateway/inbound/http/openai/images.py": "`created` of an answer: shown",
    "ledger/usecases/keep_checking.py": "when the books were checked: shown",
    "storage/commands.py": "how old an orphan must be: hours",
    "storage/usecases/restore_results.py": "a field of tasks that have ended: read by nobody",
    "storage/outbound/spool.py": "how old a leftover on this disk must be: hours",
    "runtime/bus/dead_letters.py": "when a record was found bad: shown",
    "runtime/objects/direct_put.py": "the date of a signature: 15 minutes are tolerated",
    "runtime/measure.py": "a metric",
}
"""Who asks the machine for the time, and why it decides nothing between services."""


def _asks(path: Path) -> bool:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in CLOCKS:
            return True
    return False


def test_fm33_clock_skew_can_not_matter_where_nobody_asks_the_machine_for_the_time() -> None:
    """Should fail if `now()` in `domain/decide.py` of the dispatcher was the machine's. It was named here."""
    sources = [*ROOT.glob("services/*/src/**/*.py"), *ROOT.glob("libs/runtime/src/**/*.py")]
    asking = {str(path).split("/src/")[1] for path in sources if _asks(path)}
    assert asking == set(OWN_CLOCK)


@pytest.mark.parametrize("skew", [-3600.0, 3600.0])
async def test_fm33_clock_skew_of_an_hour_moves_no_deadline(
    dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch, skew: float
) -> None:
    """Should fail if `Job.seconds_to_deadline` by the machine's clock. Late by an hour, or over at once."""
    true = time.time
    monkeypatch.setattr(time, "time", lambda: true() + skew)
    await dispatcher.start()
    slow, quick = requested("[sim:delay=30]", seconds=3), requested(seconds=60)
    await dispatcher.apply(slow, frozen(slow), quick, frozen(quick))
    assert (await dispatcher.completed(quick.task_id))["outcome"] == "succeeded"
    assert (await dispatcher.completed(slow.task_id))["error_code"] == "deadline_exceeded"
    late = "SELECT extract(epoch FROM completed_at - deadline)::float8 FROM jobs WHERE task_id = $1"
    assert await dispatcher.db.pool.fetchval(late, slow.task_id) >= 0

    async def idle() -> bool:
        await dispatcher.db.pool.execute("UPDATE work SET due_at = now() WHERE NOT leased")
        return (await dispatcher.attempts(slow.task_id))[0]["orphan"] == "suspected"

    await until(idle)

"""37: everybody tries again at the same moment. Circuits, jitter and counted tries prevent that."""

import asyncio

from dispatcher_tools import WAN, Dispatcher, until
from outage_tools import way_to
from reliability_tools import LONG

TASKS, OUTAGE_SECONDS = 20, 300.0 if LONG else 4.0
RATES = {"submits_per_second": 5.0, "polls_per_second": 10.0}
"""What the provider allows, by the operator's settings."""


async def test_fm37_an_outage_is_met_with_few_calls_and_ends_without_a_rush(dispatcher: Dispatcher) -> None:
    """At the outage's end the provider gets no more a second than it allows.

    Failed with a `Pace` that lets everybody pass: 19 submits came within a second, where 5 are allowed.

    Each submit that was answered with 503 is looked up, never repeated as it is; the tasks are known to have
    arrived nowhere when the provider's list is back, and go out under new numbers, spread over time.
    """
    async with way_to(dispatcher.simulator.url) as way:
        base = way.instead_of(dispatcher.simulator.url) + "/ark/api/v3"
        breaker = {"faults": 3, "first_seconds": 0.5, "most_seconds": 4, "probe_seconds": 1}
        await dispatcher.start(
            ark={"base_url": base, "breaker": breaker, **RATES},
            absent_after_seconds=1.0,
            uncertain_after_seconds=OUTAGE_SECONDS + 60,
        )
        way.refusing = True
        tasks = [await dispatcher.accept(f"street {n}") for n in range(TASKS)]
        assert (await dispatcher.completed(await dispatcher.accept(model=WAN)))["outcome"] == "succeeded"

        async def met() -> bool:
            return len(way.refused_at) >= 3

        await until(met)
        await asyncio.sleep(OUTAGE_SECONDS)
        lasted = way.refused_at[-1] - way.refused_at[0]
        # The first of each kind goes out with all hands before an answer is there; then one per pause.
        assert len(way.refused_at) <= 2 * TASKS + 10 + 4 * lasted
        due = await dispatcher.db.pool.fetch("SELECT due_at FROM work WHERE NOT leased")
        moments = {round(row["due_at"].timestamp(), 1) for row in due}
        assert len(moments) >= min(8, len(due)), "they would all come back at once"
        way.refusing = False
        for task in tasks:
            assert (await dispatcher.completed(task, 60))["outcome"] == "succeeded"
        assert len(await dispatcher.simulator.jobs("ark")) == TASKS
        # As they went out: a provider that stands still for seconds has the calls of seconds at once.
        submits = [at for at, method in way.passed if method == "POST"]
        others = [at for at, method in way.passed if method != "POST"]
        assert len(submits) == TASKS
        # Twice the rate, because a busy machine may send two seconds' calls in one.
        assert most_in_a_second(submits) <= 2 * RATES["submits_per_second"]
        assert most_in_a_second(others) <= 2 * RATES["polls_per_second"]


async def test_fm37_a_provider_that_fails_is_asked_by_one_in_the_name_of_all(dispatcher: Dispatcher) -> None:
    """Of a provider that sets no pace: its circuit alone keeps the calls of an outage few.

    Failed with a circuit that never opens: 80 calls in four seconds, where there were 16.
    """
    async with way_to(dispatcher.simulator.url) as way:
        base = way.instead_of(dispatcher.simulator.url) + "/ark/api/v3"
        breaker = {"faults": 3, "first_seconds": 1.0, "most_seconds": 60, "probe_seconds": 1}
        await dispatcher.start(ark={"base_url": base, "breaker": breaker}, absent_after_seconds=60.0)
        way.refusing = True
        for n in range(TASKS):
            await dispatcher.accept(f"street {n}")

        async def met() -> bool:
            return len(way.refused_at) >= 3

        await until(met)
        await asyncio.sleep(4)
        # On a busy machine all first submits and first questions go out before an answer is there.
        assert len(way.refused_at) <= 3 * TASKS


def most_in_a_second(moments: list[float]) -> int:
    """The peak: how many came within any one second."""
    return max(sum(begin <= each < begin + 1 for each in moments) for begin in moments)

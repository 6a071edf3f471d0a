"""Same seed, same faults; and no seed leaves out what has to happen in every run."""

from hypothesis import given
from hypothesis import strategies as st
from runtime.failpoints import PLACES, parse
from simulator.faults import FAULTS

from chaos.faults import Nemesis
from chaos.schedule import FAILPOINTS, MISDEEDS, PERIOD_SECONDS, SERVICES, digest, schedule

SEEDS = st.integers(min_value=0, max_value=10_000)
MINUTES = st.sampled_from([1.0, 1.5, 3.0, 10.0])


@given(SEEDS, MINUTES)
def test_a_seed_has_one_schedule(seed: int, minutes: float) -> None:
    assert schedule(seed, minutes) == schedule(seed, minutes)
    assert digest(schedule(seed, minutes)) == digest(schedule(seed, minutes))


@given(SEEDS, SEEDS)
def test_another_seed_has_another_schedule(one: int, other: int) -> None:
    assert (digest(schedule(one, 3)) == digest(schedule(other, 3))) == (one == other)


def test_the_schedule_of_a_seed_stays_what_it_is() -> None:
    assert digest(schedule(1, 3)) == "3a0078a2afe3bfcd"


@given(SEEDS, MINUTES)
def test_every_kind_of_process_is_killed_in_every_run(seed: int, minutes: float) -> None:
    assert {fault.target for fault in schedule(seed, minutes) if fault.kind == "kill"} == set(SERVICES)


@given(SEEDS)
def test_a_long_run_has_each_kind_of_fault(seed: int) -> None:
    kinds = {fault.kind for fault in schedule(seed, 3)}
    assert kinds >= {
        "kill",
        "failpoint",
        "freeze",
        "stop",
        "crash",
        "cut",
        "lag",
        "zombie",
        "deadlock",
        "poison",
    }


@given(SEEDS, MINUTES)
def test_nothing_begins_in_a_quarter_of_the_time(seed: int, minutes: float) -> None:
    periods = int(minutes * 60 / PERIOD_SECONDS)
    rough = {int(fault.at // PERIOD_SECONDS) for fault in schedule(seed, minutes)}
    assert periods - len(rough) >= periods // 4
    assert max(rough) < periods - 1, "the last period is calm"


@given(SEEDS)
def test_three_seeds_in_a_row_have_every_failpoint(seed: int) -> None:
    faults = [fault for each in range(3) for fault in schedule(seed + each, 3) if fault.kind == "failpoint"]
    assert {name for fault in faults for name in parse(str(fault.detail["arm"]))} == set(PLACES)


def test_every_place_has_somebody_who_passes_it() -> None:
    assert {place for place, _ in FAILPOINTS} == set(PLACES)


@given(SEEDS, MINUTES)
def test_everything_that_is_planned_can_be_done(seed: int, minutes: float) -> None:
    assert all(hasattr(Nemesis, f"_{fault.kind}") for fault in schedule(seed, minutes))


def test_the_simulator_knows_every_misdeed() -> None:
    assert set(FAULTS) >= set(MISDEEDS)

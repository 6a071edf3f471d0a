"""When a job is asked for."""

from catalog.routes import PollSchedule

SCHEDULE = PollSchedule(first_seconds=10, interval_seconds=5, max_seconds=60, usual_seconds=100)


def test_waits_grow_up_to_the_maximum() -> None:
    plain = SCHEDULE.model_copy(update={"usual_seconds": None})
    assert [plain.delay(n) for n in range(4)] == [10, 5, 7.5, 11.25]
    assert plain.delay(50) == 60


def test_no_wait_reaches_past_the_time_at_which_a_job_usually_ends() -> None:
    assert SCHEDULE.delay(50, 0) == 60
    assert SCHEDULE.delay(50, 60) == 20


def test_around_the_usual_time_polls_come_at_the_shortest_interval() -> None:
    assert {SCHEDULE.delay(50, age) for age in (80, 100, 150)} == {5}


def test_long_after_the_usual_time_patience_returns() -> None:
    assert SCHEDULE.delay(50, 151) == 60

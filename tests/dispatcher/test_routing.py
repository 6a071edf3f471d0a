"""Where a task goes first, and which places are left in peace."""

from collections import Counter
from dataclasses import replace
from uuid import UUID

from catalog.routes import PollSchedule, Route
from dispatcher.domain.providers import Provider, Target
from dispatcher.domain.routing import ranked
from dispatcher.outbound.route_health import FORGOTTEN_SECONDS, LEAST_JOBS, RouteHealth
from dispatcher.outbound.set_aside import SetAside
from dispatcher.outbound.tokens import Tokens
from hypothesis import given
from hypothesis import strategies as st
from providers.job import Credential

POLL = PollSchedule(first_seconds=1, interval_seconds=1, max_seconds=1)


def targets(*weights: int | None, keys: int = 1) -> list[Target]:
    credentials = tuple(Credential(f"key-{n}", "secret") for n in range(keys))
    found = []
    for n, weight in enumerate(weights):
        provider = Provider(f"p{n}", "http://x", credentials)
        route = Route(provider=f"p{n}", protocol="ark", model="m", state="live", poll=POLL, weight=weight)
        found += [Target(route, provider, each) for each in credentials]
    return found


def names(found: list[Target]) -> list[str]:
    return [each.provider.name for each in found]


def well(_: Target) -> bool:
    return False


def test_without_weights_the_order_decides() -> None:
    possible = targets(None, None, None)
    assert all(names(ranked(possible, UUID(int=n), well)) == ["p0", "p1", "p2"] for n in range(50))


def test_neighbours_with_weights_share_the_tasks_by_them() -> None:
    possible = targets(3, 1, None)
    first = Counter(names(ranked(possible, UUID(int=n), well))[0] for n in range(2000))
    assert 0.70 < first["p0"] / 2000 < 0.80
    assert first["p2"] == 0


def test_a_providers_keys_take_turns() -> None:
    possible = targets(None, keys=4)
    first = Counter(ranked(possible, UUID(int=n), well)[0].credential.id for n in range(2000))
    assert all(0.2 < first[f"key-{n}"] / 2000 < 0.3 for n in range(4))


@given(st.integers(0, 2**128 - 1), st.lists(st.sampled_from([None, 1, 5]), min_size=1, max_size=5))
def test_a_task_has_one_order_with_every_place_in_it_once(task: int, weights: list[int | None]) -> None:
    possible = targets(*weights, keys=2)
    order = ranked(possible, UUID(int=task), well)
    assert order == ranked(possible, UUID(int=task), well)
    assert sorted(map(id, order)) == sorted(map(id, possible))


def test_a_place_that_does_badly_comes_last_and_is_not_left_out() -> None:
    possible = targets(None, None)
    assert names(ranked(possible, UUID(int=1), lambda each: each.provider.name == "p0")) == ["p1", "p0"]
    assert names(ranked(possible, UUID(int=1), lambda _: True)) == ["p0", "p1"]


def test_a_route_is_unwell_after_some_failures_in_a_row_and_for_a_while() -> None:
    now = 0.0
    health, route = RouteHealth(lambda: now), ("ark", "m")
    for _ in range(LEAST_JOBS):
        assert not health.unwell(route)
        health.note(route, failed=True)
    assert health.unwell(route)
    assert not health.unwell(("ark", "other"))
    now = FORGOTTEN_SECONDS
    assert not health.unwell(route)
    now = 0.0
    for _ in range(LEAST_JOBS):
        health.note(route, failed=False)
    assert not health.unwell(route)


def test_a_key_that_is_not_accepted_rests_longer_each_time_until_it_is() -> None:
    now = 0.0
    aside, use = SetAside(lambda: now), ("ark", "old", "m")
    assert aside.rests(use) == 0
    aside.refused(use, "401")
    first = aside.rests(use)
    assert first > 0
    assert aside.rests(("ark", "old", "another-model")) == 0
    now += first
    assert aside.rests(use) == 0
    aside.refused(use, "401")
    assert aside.rests(use) == 2 * first
    aside.accepted(use)
    assert aside.rests(use) == 0
    assert aside.now() == {}


def test_a_replaced_key_has_a_clean_slate() -> None:
    aside = SetAside(lambda: 0.0)
    aside.refused(("ark", "a", "m"), "401")
    aside.refused(("ark", "b", "m"), "401")
    aside.forget("ark", "a")
    assert list(aside.now()) == [("ark", "b", "m")]


def test_a_token_is_used_for_its_own_secret_until_shortly_before_its_end() -> None:
    now = 0.0
    tokens, credential = Tokens(lambda: now), Credential("a", "secret")
    assert tokens.held("vertex", credential) is None
    tokens.keep("vertex", credential, "token", 3600)
    assert tokens.held("vertex", credential) == "token"
    assert tokens.held("vertex", replace(credential, secret="another")) is None
    now = 3539.0
    assert tokens.held("vertex", credential) == "token"
    now = 3540.0
    assert tokens.held("vertex", credential) is None
    tokens.keep("vertex", credential, "token", 10)
    assert tokens.held("vertex", credential) == "token"
    tokens.drop("vertex", "a")
    assert tokens.held("vertex", credential) is None

"""The kinds of rules that the models of the open weights, music and speech are priced by."""

from fractions import Fraction
from math import ceil
from typing import Any

import pytest
from catalog.cost import cost_micro
from catalog.errors import PriceError
from catalog.price import PriceRow, actual_micro, frozen_rule, quoted_micro
from hypothesis import given
from hypothesis import strategies as st

CREDIT = 1_000_000
MUSIC = {"kind": "pro_rated", "micro": 8 * CREDIT, "per_seconds": 30, "seconds": 30}
SPEECH = {
    "kind": "spoken",
    "micro": 6 * CREDIT,
    "per_seconds": 60,
    "characters": 900,
    "characters_per_second": 15,
}


def frames_and_steps(base: int, per_frame: int, per_step: int, frames: int, steps: int) -> dict[str, Any]:
    """Amounts in hundredths of a credit."""
    return {
        "kind": "frames_and_steps",
        "base_micro": base * 10_000,
        "frame_micro": per_frame * 10_000,
        "frames": frames,
        "step_micro": per_step * 10_000,
        "steps": steps,
    }


@given(
    st.integers(0, 5000), st.integers(0, 100), st.integers(0, 100), st.integers(0, 999), st.integers(0, 100)
)
def test_frames_and_steps_are_summed_exactly_and_rounded_up_to_a_credit(
    base: int, per_frame: int, per_step: int, frames: int, steps: int
) -> None:
    exact = Fraction(base, 100) + frames * Fraction(per_frame, 100) + steps * Fraction(per_step, 100)
    assert quoted_micro(frames_and_steps(base, per_frame, per_step, frames, steps)) == ceil(exact) * CREDIT


def test_a_sum_that_is_whole_is_not_rounded_as_a_float_would_be() -> None:
    assert 12 + 41 * 0.2 + 7 * 0.4 > 23
    assert quoted_micro(frames_and_steps(1200, 20, 40, 41, 7)) == 23 * CREDIT


@pytest.mark.parametrize(
    ("seconds", "price"), [(1, 1), (3, 1), (4, 2), (10, 3), (15, 4), (30, 8), (31, 9), (60, 16), (240, 64)]
)
def test_music_costs_its_exact_share_rounded_up(seconds: int, price: int) -> None:
    assert quoted_micro({**MUSIC, "seconds": seconds}) == price * CREDIT


@pytest.mark.parametrize(("told", "price"), [(15, 4), ("303/10", 8), (30, 8), (99, 8), ("7.5", 2), (0, 8)])
def test_music_is_settled_on_what_came_out(told: Any, price: int) -> None:
    assert actual_micro(MUSIC, {"output_seconds": told}) == price * CREDIT


@pytest.mark.parametrize(("seconds", "price"), [(1, 3), (10, 3), (11, 4), (13, 4), (14, 5), (60, 18)])
def test_restyling_a_video_costs_three_credits_at_least(seconds: int, price: int) -> None:
    rule = {
        "kind": "pro_rated",
        "micro": 3 * CREDIT,
        "per_seconds": 10,
        "seconds": seconds,
        "least_micro": 3 * CREDIT,
    }
    assert quoted_micro(rule) == price * CREDIT


@pytest.mark.parametrize(
    ("characters", "speed", "price"), [(900, 1, 6), (900, 2.0, 3), (900, 0.5, 12), (1, 1, 1), (4096, 1.1, 25)]
)
def test_speech_is_quoted_by_its_text_and_speed(characters: int, speed: float, price: int) -> None:
    assert quoted_micro({**SPEECH, "characters": characters, "speed": speed}) == price * CREDIT


def test_speech_is_settled_on_what_was_spoken() -> None:
    assert actual_micro(SPEECH, {"output_seconds": "25.5"}) == 3 * CREDIT
    assert actual_micro(SPEECH, {"output_seconds": 3600}) == 6 * CREDIT


def test_a_value_may_be_the_length_of_a_field() -> None:
    row = PriceRow.model_validate({"kind": "spoken", "characters": "text|length", "speed": "speed"})
    assert row.fields() == {"text", "speed"}
    assert frozen_rule([row], {"text": "aé😀", "speed": 1.5}) == {
        "kind": "spoken",
        "characters": 3,
        "speed": 1.5,
    }


def costs(*rows: dict[str, Any]) -> list[PriceRow]:
    return [PriceRow.model_validate(each) for each in rows]


@pytest.mark.parametrize(
    ("row", "value", "usage", "cost"),
    [
        ({"kind": "flat", "micro": 7}, {}, {}, 7),
        ({"kind": "per_second", "micro": 10, "seconds": "duration"}, {"duration": 5}, {}, 50),
        (
            {"kind": "per_second", "micro": 10, "seconds": "duration"},
            {"duration": 5},
            {"output_seconds": 6},
            60,
        ),
        ({"kind": "per_second", "micro": 10}, {}, {"output_seconds": "31/3"}, 104),
        ({"kind": "per_second", "micro": 10}, {}, {}, None),
        ({"kind": "per_compute_second", "micro": 975_000}, {}, {"compute_seconds": "4157/1000"}, 4_053_075),
        ({"kind": "per_compute_second", "micro": 975_000}, {}, {"output_seconds": 5}, None),
        ({"kind": "per_million_tokens", "micro": 1_500_000}, {}, {"tokens": 108_900}, 163_350),
        ({"kind": "per_million_tokens", "micro": 1_500_000}, {}, {}, None),
        (
            {"kind": "per_megapixel", "micro": 9, "width": "width", "height": "height"},
            {"width": 1024, "height": 1024},
            {},
            18,
        ),
        (
            {"kind": "per_thousand_characters", "micro": 2000, "characters": "text|length"},
            {"text": "abc"},
            {},
            6,
        ),
        ({"kind": "flat", "micro": 7, "when": {"audio": True}}, {"audio": False}, {}, None),
    ],
)
def test_what_a_provider_charges_follows_the_routes_rows(
    row: dict[str, Any], value: dict[str, Any], usage: dict[str, Any], cost: int | None
) -> None:
    assert cost_micro(costs(row), value, usage) == cost


def test_the_first_row_that_holds_is_the_cost() -> None:
    rows = costs(
        {"kind": "flat", "micro": 1, "when": {"quality": "low"}},
        {"kind": "flat", "micro": 2, "given": ["image"]},
        {"kind": "flat", "micro": 3},
    )
    assert cost_micro(rows, {"quality": "low"}, {}) == 1
    assert cost_micro(rows, {"image": "x"}, {}) == 2
    assert cost_micro(rows, {}, {}) == 3
    assert cost_micro([], {}, {}) is None


@pytest.mark.parametrize("row", [{"kind": "guess"}, {"kind": "flat"}, {"kind": "flat", "micro": -1}])
def test_a_cost_that_is_none_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(PriceError):
        cost_micro(costs(row), {}, {})

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from catalog.catalog import Catalog
from catalog.errors import PriceError
from catalog.price import actual_micro, currency, currency_text, quote_micro
from hypothesis import given
from hypothesis import strategies as st

WAN, SEEDANCE, VEO = "wan2-6-i2v-flash", "doubao-seedance-2-0-fast", "veo3-1-quality"

# Currency, written down from the product's price list by hand, not computed by the catalog.
WAN_PER_SECOND = {
    ("1080p", True): "0.0063",
    ("1080p", False): "0.00315",
    ("720p", True): "0.0042",
    ("720p", False): "0.0021",
}
SEEDANCE_PER_SECOND = {("720p", False): "0.01314", ("480p", False): "0.00612",
                       ("720p", True): "0.007884", ("480p", True): "0.003672"}  # fmt: skip
VEO_FLAT = {"720p": "0.675", "1080p": "0.675", "4k": "1.0125"}


def quote(catalog: Catalog, slug: str, given: dict[str, Any]) -> Decimal:
    model = catalog.models[slug]
    complete = model.with_defaults(given)
    found = model.quote(complete)
    assert found.micro == quote_micro(model.price_rows, complete) == actual_micro(found.rule, {})
    assert json.loads(json.dumps(found.rule)) == found.rule
    return currency(found.micro)


@pytest.mark.parametrize("duration", range(2, 16))
@pytest.mark.parametrize(("resolution", "audio"), WAN_PER_SECOND)
def test_wan_costs_per_second_by_resolution_and_audio(
    catalog: Catalog, resolution: str, audio: bool, duration: int
) -> None:
    given = {"image_urls": ["https://i"], "resolution": resolution, "audio": audio, "duration": duration}
    assert quote(catalog, WAN, given) == Decimal(WAN_PER_SECOND[resolution, audio]) * duration


@pytest.mark.parametrize("duration", range(4, 16))
@pytest.mark.parametrize("audio", [True, False])
@pytest.mark.parametrize(("resolution", "video"), SEEDANCE_PER_SECOND)
def test_seedance_costs_per_second_and_with_video_as_if_fifteen_more(
    catalog: Catalog, resolution: str, video: bool, audio: bool, duration: int
) -> None:
    given: dict[str, Any] = {
        "prompt": "p",
        "resolution": resolution,
        "duration": duration,
        "generate_audio": audio,
    }
    given["video_urls"] = ["https://v"] if video else []
    seconds = duration + 15 if video else duration
    assert quote(catalog, SEEDANCE, given) == Decimal(SEEDANCE_PER_SECOND[resolution, video]) * seconds


@pytest.mark.parametrize("aspect_ratio", ["16:9", "9:16"])
@pytest.mark.parametrize("resolution", VEO_FLAT)
def test_veo_costs_the_same_whatever_comes_out(catalog: Catalog, resolution: str, aspect_ratio: str) -> None:
    given = {"prompt": "p", "resolution": resolution, "aspect_ratio": aspect_ratio, "duration": 8}
    assert quote(catalog, VEO, given) == Decimal(VEO_FLAT[resolution])


def test_the_defaults_have_their_price(catalog: Catalog) -> None:
    assert quote(catalog, WAN, {"image_urls": ["https://i"]}) == Decimal("0.0315")
    assert quote(catalog, SEEDANCE, {"prompt": "p"}) == Decimal("0.0306")
    assert quote(catalog, VEO, {"prompt": "p"}) == Decimal("0.675")


def test_a_duration_of_five_point_zero_costs_as_five(catalog: Catalog) -> None:
    assert quote(catalog, SEEDANCE, {"prompt": "p", "duration": 5.0, "resolution": "720p"}) == Decimal(
        "0.0657"
    )


PER_SECOND = {"kind": "per_second", "micro": 630_000, "seconds": 5}
WITH_INPUT = {"kind": "per_second_with_input", "micro": 788_400, "seconds": 5, "input_seconds_max": 15}
FRAME = {"width": 1280, "height": 720, "fps": 24}


def tokens(seconds: int) -> int:
    return 1280 * 720 * 24 * seconds // 1024


@pytest.mark.parametrize(
    ("rule", "usage", "micro"),
    [
        (PER_SECOND, {}, 3_150_000),
        (PER_SECOND, {"output_seconds": 5}, 3_150_000),
        (PER_SECOND, {"output_seconds": 4}, 2_520_000),
        (PER_SECOND, {"output_seconds": "124/25"}, 3_150_000),
        (PER_SECOND, {"output_seconds": Fraction(504, 100)}, 3_150_000),
        (PER_SECOND, {"output_seconds": 0}, 3_150_000),
        (PER_SECOND, {"output_seconds": -1}, 3_150_000),
        (PER_SECOND, {"output_seconds": None, "tokens": 7}, 3_150_000),
        (WITH_INPUT, {}, 15_768_000),
        (WITH_INPUT, {"tokens": tokens(5 + 3), **FRAME}, 6_307_200),
        (WITH_INPUT, {"tokens": tokens(5), **FRAME}, 3_942_000),
        (WITH_INPUT, {"tokens": tokens(2), **FRAME}, 3_942_000),
        (WITH_INPUT, {"tokens": tokens(5 + 15), **FRAME}, 15_768_000),
        (WITH_INPUT, {"tokens": tokens(99), **FRAME}, 15_768_000),
        (WITH_INPUT, {"tokens": tokens(8) + 1, **FRAME}, 6_307_237),  # 6 307 200 + 36.5, rounded up
        (WITH_INPUT, {"tokens": tokens(8), "output_seconds": 5, **FRAME}, 6_307_200),
        (WITH_INPUT, {"tokens": tokens(8)}, 15_768_000),
        (WITH_INPUT, {"tokens": tokens(8), **FRAME, "fps": 0}, 15_768_000),
        (WITH_INPUT, {"input_seconds": 0}, 3_942_000),
        (WITH_INPUT, {"input_seconds": "7/2"}, 6_701_400),
        ({"kind": "flat", "micro": 67_500_000}, {"output_seconds": 1}, 67_500_000),
    ],
)
def test_the_actual_price_follows_the_frozen_rule(
    rule: dict[str, Any], usage: dict[str, Any], micro: int
) -> None:
    assert actual_micro(rule, usage) == micro


AMOUNTS = st.integers(0, 10**9)
NUMBERS = st.none() | st.integers(0, 10**12) | st.fractions(0, 1000) | st.fractions(0, 1000).map(str)
USAGES = st.dictionaries(
    st.sampled_from(["output_seconds", "input_seconds", "tokens", "width", "height", "fps"]), NUMBERS
)
RULES = (
    st.builds(lambda micro: {"kind": "flat", "micro": micro}, AMOUNTS)
    | st.builds(
        lambda micro, seconds: {"kind": "per_second", "micro": micro, "seconds": seconds},
        AMOUNTS,
        st.integers(1, 60),
    )
    | st.builds(
        lambda micro, seconds: {"kind": "pro_rated", "micro": micro, "per_seconds": 30, "seconds": seconds},
        AMOUNTS,
        st.integers(1, 60),
    )
    | st.builds(
        lambda micro, characters, speed: {
            "kind": "spoken",
            "micro": micro,
            "per_seconds": 60,
            "characters": characters,
            "characters_per_second": 15,
            "speed": speed,
        },
        AMOUNTS,
        st.integers(1, 5000),
        st.floats(0.25, 4),
    )
    | st.builds(
        lambda micro, seconds, most: {
            **WITH_INPUT,
            "micro": micro,
            "seconds": seconds,
            "input_seconds_max": most,
        },
        AMOUNTS,
        st.integers(1, 60),
        st.integers(0, 60),
    )
)


@given(rule=RULES, usage=USAGES)
def test_the_actual_price_is_an_integer_never_above_the_quote(
    rule: dict[str, Any], usage: dict[str, Any]
) -> None:
    actual = actual_micro(rule, usage)
    assert type(actual) is int
    assert 0 <= actual <= actual_micro(rule, {})


@given(rule=RULES, usage=st.dictionaries(st.text(max_size=14), st.text() | st.floats() | st.booleans()))
def test_odd_usage_never_raises(rule: dict[str, Any], usage: dict[str, Any]) -> None:
    assert 0 <= actual_micro(rule, {**usage, "tokens": "1e999999999"}) <= actual_micro(rule, {})


@pytest.mark.parametrize(
    "rule",
    [{}, {"kind": "novel"}, {"kind": "flat"}, {"kind": "flat", "micro": 1.5}, {"kind": "flat", "micro": -1}],
)
def test_a_rule_that_is_none_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(PriceError):
        actual_micro(rule, {})


@pytest.mark.parametrize(
    ("micro", "text"),
    [
        (3_150_000, "0.0315"),
        (6_570_000, "0.0657"),
        (67_500_000, "0.675"),
        (100_000_000, "1"),
        (1_000_000_000_000, "10000"),
        (1, "0.00000001"),
        (0, "0"),
        (-3_150_000, "-0.0315"),
        (2**63 - 1, "92233720368.54775807"),
    ],
)
def test_micro_credits_are_shown_as_currency_exactly(micro: int, text: str) -> None:
    assert currency_text(micro) == text
    assert currency(micro) == Decimal(text)


@given(st.integers(-(2**63), 2**63 - 1))
def test_currency_goes_back_to_the_same_micro_credits(micro: int) -> None:
    assert Decimal(currency_text(micro)) * 10**8 == micro

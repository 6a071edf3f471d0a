"""Which route serves an input, and in whose words."""

from typing import Any

import pytest
from catalog.routes import PollSchedule, Route
from catalog.templates import places, stray_braces
from providers.template import FILTERS, fill, names

POLL = PollSchedule(first_seconds=1, interval_seconds=1, max_seconds=1)


def route(**more: Any) -> Route:
    return Route(provider="fal", protocol="fal", model="m", state="live", poll=POLL, **more)


@pytest.mark.parametrize(
    ("more", "value", "fits"),
    [
        ({}, {}, True),
        ({"given": ("image",)}, {"image": "https://i"}, True),
        ({"given": ("image",)}, {"image": ""}, False),
        ({"given": ("image",)}, {}, False),
        ({"given": ("voice=fable",)}, {"voice": "fable"}, True),
        ({"without": ("voice=fable", "voice=coral")}, {"voice": "fable"}, False),
        ({"without": ("voice=fable", "voice=coral")}, {"voice": "onyx"}, True),
        ({"without": ("image",)}, {"prompt": "p"}, True),
        ({"without": ("image",)}, {"image": "https://i"}, False),
    ],
)
def test_a_route_is_taken_for_the_inputs_that_it_can_serve(
    more: dict[str, Any], value: dict[str, Any], fits: bool
) -> None:
    assert route(**more).fits(value) is fits


def test_a_provider_is_told_its_own_words() -> None:
    spoken = route(values={"voice": {"en_gb_male": "bm_george"}, "steps": {"4": "four"}})
    given = {"voice": "en_gb_male", "steps": 4, "text": "t"}
    assert spoken.translated(given) == {"voice": "bm_george", "steps": "four", "text": "t"}
    assert spoken.translated({"voice": "other"}) == {"voice": "other"}


TEMPLATES: list[Any] = [
    {"a": "{width}", "b": ["{prompt|upper}", {"c": "{x} {{y}} {steps|half}"}], "n": 1},
    {"text": "{{{prompt}}}", "none": None},
    {},
]


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_catalog_reads_a_template_as_the_adapters_do(template: dict[str, Any]) -> None:
    assert {name for name, _ in places(template)} == names(template)
    assert {used for _, used in places(template) if used} <= FILTERS.keys()
    assert stray_braces(template) == []


@pytest.mark.parametrize("text", ["{Prompt}", "{prompt", "prompt}", "{prompt|}", "{ prompt }", "{}"])
def test_a_brace_that_names_no_field_is_found(text: str) -> None:
    assert stray_braces({"a": [text]}) == [text]
    assert fill({"a": [text]}, {"prompt": "p"}) == {"a": [text]}

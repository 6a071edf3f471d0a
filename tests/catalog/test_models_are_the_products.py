import json
from pathlib import Path
from typing import Any

import pytest
from catalog.catalog import Catalog

FIXTURES = Path(__file__).parent / "fixtures"
SLUGS = ["wan2-6-i2v-flash", "doubao-seedance-2-0-fast", "veo3-1-quality"]
BEFORE_THE_SCHEMA = "Production apps should prefer stable hosted URLs.\n"
BEFORE_THE_REQUEST = "-d '"
BEFORE_THE_ANSWER = '/events \\\n-H "Authorization: Bearer mv_live_xxx"'


def documented(slug: str, after: str) -> Any:
    text = (FIXTURES / f"{slug}.txt").read_text("utf-8")
    found, _ = json.JSONDecoder().raw_decode(text, text.index(after) + len(after))
    return found


def test_the_catalog_holds_the_products_models(catalog: Catalog) -> None:
    assert set(SLUGS) <= set(catalog.models)
    assert list(catalog.models) == sorted(catalog.models)
    assert catalog.get("no-such-model") is None


@pytest.mark.parametrize("slug", SLUGS)
def test_a_schema_is_the_documented_one_word_for_word_and_in_order(catalog: Catalog, slug: str) -> None:
    assert json.dumps(catalog.models[slug].schema) == json.dumps(documented(slug, BEFORE_THE_SCHEMA))


@pytest.mark.parametrize("slug", SLUGS)
def test_title_and_description_are_the_documented_ones(catalog: Catalog, slug: str) -> None:
    model = catalog.models[slug]
    assert model.description.startswith(model.title)
    assert model.description in (FIXTURES / f"{slug}.txt").read_text("utf-8")


@pytest.mark.parametrize("slug", SLUGS)
def test_the_documented_request_is_faultless_and_costs_what_is_documented(
    catalog: Catalog, slug: str
) -> None:
    from catalog.price import currency_text

    request, answer = (
        documented(slug, BEFORE_THE_REQUEST),
        documented(slug, BEFORE_THE_ANSWER),
    )
    model = catalog.models[request["model"]]
    assert model.faults(request["input"]) == []
    quote = model.quote(model.with_defaults(request["input"]))
    assert float(currency_text(quote.micro)) == answer["cost_estimate"] == answer["cost_actual"]


@pytest.mark.parametrize(
    ("slug", "routes"),
    [
        ("wan2-6-i2v-flash", {"dashscope": "live"}),
        ("doubao-seedance-2-0-fast", {"ark": "live"}),
        ("veo3-1-quality", {"gemini": "gone-upstream", "vertex": "retiring"}),
        ("veo3-1-fast", {"gemini": "gone-upstream", "vertex": "retiring"}),
        ("sora-2", {"openai": "gone-upstream", "openai_compatible": "live"}),
    ],
)
def test_a_model_is_available_where_a_provider_still_serves_it(
    catalog: Catalog, slug: str, routes: dict[str, str]
) -> None:
    model = catalog.models[slug]
    assert {route.provider: route.state for route in model.routes} == routes
    assert not model.available({})
    assert not model.available({"other": "real"})
    for provider, state in routes.items():
        assert model.available({provider: "real"}) is (state != "gone-upstream")
        assert model.available({provider: "simulated"})


def test_polls_start_where_the_route_says_and_grow_to_its_maximum(catalog: Catalog) -> None:
    poll = catalog.models["doubao-seedance-2-0-fast"].routes[0].poll
    assert [poll.delay(made) for made in (0, 1, 2, 3, 4, 5, 10_000)] == [10, 5, 7.5, 11.25, 16.875, 20, 20]


def test_every_route_speaks_a_known_protocol_and_is_polled_no_faster_than_it_allows(catalog: Catalog) -> None:
    from providers.adapter import adapter

    for model in catalog.models.values():
        for route in model.routes:
            least = adapter(route.protocol).capabilities.min_poll_seconds
            assert min(route.poll.first_seconds, route.poll.interval_seconds) >= least


def test_every_protocol_that_is_spoken_serves_a_model(catalog: Catalog) -> None:
    from providers.adapter import protocols

    assert {route.protocol for model in catalog.models.values() for route in model.routes} == set(protocols())

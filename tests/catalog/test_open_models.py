"""The open models are those of the third product document: names, costs, limits, graphs."""

from typing import Any

import pytest
from catalog.catalog import Catalog
from providers.template import FILTERS, faults

from tests.catalog.samples import minimal

# Credits for 41 frames and 4 steps, from the document's columns and formula, by hand; with its errata.
COSTS = {
    "wan-t2v": 21, "ltx-t2v": 16, "ltx-quality": 27, "hunyuan-t2v": 22, "hunyuan15-t2v": 22,
    "hunyuan15-i2v": 28,
    "ltx-i2v": 22, "cogvideo-t2v": 22, "animatediff": 12, "svd-i2v": 18, "wan-i2v": 23, "ltx-flf": 20,
    "wan-s2v": 28, "wan-flf": 23, "ltx-camera": 18, "ltx-control": 20, "wan-vace": 28, "wan-animate": 33,
    "liveportrait": 13, "hunyuan3d": 24, "dreamidv": 25, "echomimic": 20,
    "v2v": 3, "sd15": 2, "flux": 5, "flux-dev": 8, "flux-edit": 6,
}  # fmt: skip
TITLES = {
    "wan-t2v": "WAN 2.2", "ltx-t2v": "LTX 2.3", "ltx-quality": "LTX Quality", "hunyuan-t2v": "Hunyuan",
    "hunyuan15-t2v": "Hunyuan 1.5", "cogvideo-t2v": "CogVideoX 1.5", "animatediff": "AnimateDiff",
    "ltx-camera": "LTX Camera Control", "ltx-control": "LTX ControlNet", "wan-vace": "WAN VACE",
    "wan-animate": "WAN Animate", "hunyuan15-i2v": "Hunyuan 1.5 I2V", "ltx-i2v": "LTX 2.3 I2V",
    "svd-i2v": "SVD XT I2V", "wan-i2v": "WAN 2.2 I2V", "ltx-flf": "LTX 2.3 First-Last Frame",
    "wan-flf": "WAN 2.2 First-Last Frame", "wan-s2v": "WAN 2.2 Sound-to-Video",
    "liveportrait": "LivePortrait",
    "dreamidv": "DreamID-V", "echomimic": "EchoMimic", "hunyuan3d": "Hunyuan3D v2",
    "sd15": "Stable Diffusion 1.5", "flux": "Flux 2 Klein", "flux-dev": "Flux 2 Dev",
    "flux-edit": "Flux 2 Image Edit",
}  # fmt: skip
KINDS = {"hunyuan3d": "mesh", "sd15": "image", "flux": "image", "flux-dev": "image", "flux-edit": "image"}
FREE = {"width": 832, "height": 480, "frames": 81}


@pytest.mark.parametrize("slug", COSTS)
def test_a_model_costs_what_the_documents_formula_gives(catalog: Catalog, slug: str) -> None:
    model = catalog.models[slug]
    asked = {"frames": 41, "steps": 4}
    given = minimal(model) | {
        name: each for name, each in asked.items() if name in model.schema["properties"]
    }
    assert model.faults(given) == []
    assert model.quote(model.with_defaults(given)).micro == COSTS[slug] * 1_000_000


def test_a_sum_that_is_a_whole_number_of_credits_is_not_rounded_up(catalog: Catalog) -> None:
    model = catalog.models["hunyuan-t2v"]
    assert model.quote(model.with_defaults({"prompt": "p", "frames": 41, "steps": 7})).micro == 23_000_000


@pytest.mark.parametrize("slug", TITLES)
def test_a_model_has_the_documents_name_and_the_kind_of_its_output(catalog: Catalog, slug: str) -> None:
    assert catalog.models[slug].title == TITLES[slug]
    assert catalog.models[slug].kind == KINDS.get(slug, "video")


@pytest.mark.parametrize("slug", COSTS)
def test_a_models_defaults_are_open_to_free_accounts(catalog: Catalog, slug: str) -> None:
    model = catalog.models[slug]
    assert model.required_tier(model.with_defaults(minimal(model))) == "free"


VIDEOS = [slug for slug in COSTS if slug not in KINDS and slug not in {"v2v", "liveportrait"}]


@pytest.mark.parametrize("slug", VIDEOS)
@pytest.mark.parametrize(
    ("asked", "tier"),
    [
        ({"height": 480, "width": 832, "frames": 81}, "free"),
        ({"height": 832, "width": 480, "frames": 81}, "free"),
        ({"height": 488, "width": 832, "frames": 81}, "starter"),
        ({"height": 480, "width": 832, "frames": 82}, "starter"),
        ({"height": 1080, "width": 1920, "frames": 121}, "starter"),
        ({"height": 480, "width": 832, "frames": 122}, "creator"),
        ({"height": 2160, "width": 3840, "frames": 201}, "creator"),
        ({"height": 480, "width": 832, "frames": 202}, "pro"),
        ({"height": 480, "width": 832, "frames": 302}, "enterprise"),
        ({"height": 480, "width": 832, "frames": 999}, "enterprise"),
    ],
)
def test_the_tier_bounds_frames_and_the_short_side(
    catalog: Catalog, slug: str, asked: dict[str, int], tier: str
) -> None:
    model = catalog.models[slug]
    given = {**minimal(model), **asked}
    if model.faults(given):
        pytest.skip("beyond the limits of the model itself")
    assert model.required_tier(model.with_defaults(given)) == tier


@pytest.mark.parametrize("slug", VIDEOS)
@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"frames": 1000}, "out_of_range"),
        ({"frames": 0}, "out_of_range"),
        ({"steps": 0}, "out_of_range"),
        ({"width": 833}, "not_a_multiple"),
        ({"width": 100_000}, "out_of_range"),
        ({"cfg": -1}, "out_of_range"),
        ({"seed": -2}, "out_of_range"),
        ({"frame_rate": 0}, "out_of_range"),
        ({"project": 1}, "unknown_field"),
    ],
)
def test_values_beyond_the_limits_are_named(
    catalog: Catalog, slug: str, wrong: dict[str, Any], code: str
) -> None:
    model = catalog.models[slug]
    [(name, _)] = wrong.items()
    faults = model.faults({**minimal(model), **wrong})
    assert (f"input.{name}", code) in {(each.param, each.code) for each in faults}


@pytest.mark.parametrize("slug", [*COSTS, "music"])
def test_what_a_model_requires_is_required(catalog: Catalog, slug: str) -> None:
    model = catalog.models[slug]
    for name in model.schema["required"]:
        given = {key: each for key, each in minimal(model).items() if key != name}
        assert [(each.param, each.code) for each in model.faults(given)] == [(f"input.{name}", "required")]


def test_a_mesh_is_made_of_a_prompt_or_an_image_and_not_of_both(catalog: Catalog) -> None:
    model = catalog.models["hunyuan3d"]
    image = "https://e/i.png"
    assert model.faults({"prompt": "a chair"}) == model.faults({"image_url": image}) == []
    assert [each.code for each in model.faults({})] == ["required"]
    assert [each.code for each in model.faults({"prompt": "a chair", "image_url": image})] == [
        "conflicting_fields"
    ]


@pytest.mark.parametrize("slug", ["wan-i2v", "flux-edit"])
def test_an_image_must_be_an_address_or_a_data_uri(catalog: Catalog, slug: str) -> None:
    model = catalog.models[slug]
    faults = model.faults({**minimal(model), "image_url": "file:///etc/passwd"})
    assert [(each.param, each.code) for each in faults] == [("input.image_url", "invalid_url")]


def test_templates_use_only_filters_that_there_are(catalog: Catalog) -> None:
    for model in catalog.models.values():
        for route in model.routes:
            assert faults(route.template) == [], f"{model.slug}: filters are {sorted(FILTERS)}"


def test_every_input_finds_exactly_one_route_of_a_provider(catalog: Catalog) -> None:
    for model in catalog.models.values():
        for more in ({}, {"image_url": "https://e/i.png", "tags": "jazz"}, {"voice_id": "en_us_male"}):
            given = model.with_defaults({**minimal(model), **more})
            fitting = [route.provider for route in model.routes if route.fits(given)]
            assert fitting, model.slug
            assert len(set(fitting)) == len(fitting), model.slug


def test_a_graph_is_whole(catalog: Catalog) -> None:
    for model in catalog.models.values():
        for route in model.routes:
            if route.workflow:
                graph = route.template or {}
                assert all({"class_type", "inputs"} == node.keys() for node in graph.values()), route.workflow
                assert _sources(graph) <= graph.keys(), route.workflow
                saves = [name for name in graph if graph[name]["class_type"].startswith("Save")]
                assert saves == ["save"], route.workflow
                assert graph.keys() - _sources(graph) == {"save"}, route.workflow


def _sources(graph: dict[str, Any]) -> set[str]:
    inputs = [value for node in graph.values() for value in node["inputs"].values()]
    return {value[0] for value in inputs if isinstance(value, list)}

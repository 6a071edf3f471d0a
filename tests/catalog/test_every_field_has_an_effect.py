"""Each field of each schema changes the provider's request or what storage derives."""

import random
from typing import Any

import pytest
from catalog.catalog import Catalog
from catalog.model import Model
from catalog.routes import Route
from providers.adapter import adapter, protocols
from providers.job import Credential, Submission

from tests.catalog.samples import AUDIO, IMAGE, OTHER, VIDEO, minimal, other

# field: (input without it or with its default, input with another value)
WAN: dict[str, Any] = {
    "seed": ({}, {"seed": 0}),
    "audio": ({}, {"audio": False}),
    "prompt": ({}, {"prompt": "p"}),
    "duration": ({}, {"duration": 6}),
    "template": ({}, {"template": "flying"}),
    "audio_url": ({}, {"audio_url": AUDIO}),
    "shot_type": ({}, {"shot_type": "multi"}),
    "watermark": ({}, {"watermark": True}),
    "image_urls": ({}, {"image_urls": [OTHER]}),
    "resolution": ({}, {"resolution": "720p"}),
    "prompt_extend": ({}, {"prompt_extend": False}),
    "negative_prompt": ({}, {"negative_prompt": "blur"}),
}
SEEDANCE: dict[str, Any] = {
    "seed": ({}, {"seed": 0}),
    "size": ({}, {"size": "9:16"}),
    "tools": ({}, {"tools": [{"type": "web_search"}]}),
    "prompt": ({}, {"prompt": "q"}),
    "duration": ({}, {"duration": 6}),
    "watermark": ({}, {"watermark": True}),
    "audio_urls": ({"video_urls": [VIDEO]}, {"video_urls": [VIDEO], "audio_urls": [AUDIO]}),
    "image_urls": ({}, {"image_urls": [IMAGE]}),
    "resolution": ({}, {"resolution": "720p"}),
    "video_urls": ({}, {"video_urls": [VIDEO]}),
    "camera_fixed": ({}, {"camera_fixed": True}),
    "generate_audio": ({}, {"generate_audio": True}),
    "image_with_roles": ({}, {"image_with_roles": [{"url": IMAGE, "role": "first_frame"}]}),
    "return_last_frame": ({}, {"return_last_frame": True}),
}
VEO: dict[str, Any] = {
    "prompt": ({}, {"prompt": "q"}),
    "enable_gif": ({}, {"enable_gif": True}),
    "image_urls": ({}, {"image_urls": [IMAGE]}),
    "resolution": ({}, {"resolution": "4k"}),
    "aspect_ratio": ({}, {"aspect_ratio": "9:16"}),
}
CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "wan2-6-i2v-flash": ({"image_urls": [IMAGE]}, WAN),
    "doubao-seedance-2-0-fast": ({"prompt": "p"}, SEEDANCE),
    "veo3-1-quality": ({"prompt": "p"}, VEO),
}
ONLY_ONE_VALUE = {("veo3-1-quality", "duration"), ("veo3-1-quality", "generation_type")}
"""Fields whose only legal value says what happens anyway: they refuse everything else (test_faults)."""


SEEDANCE_2 = "doubao-seedance-2-0"
FRAME = [{"url": IMAGE, "role": "first_frame"}]
VALUES: dict[tuple[str, str], Any] = {
    (SEEDANCE_2, "image_with_roles"): FRAME,
    (SEEDANCE_2, "tools"): [{"type": "web_search"}],
    ("doubao-seedance-1-5-pro", "image_with_roles"): FRAME,
    ("subtitles", "language"): "de",
}
"""Values that can't be made from the field's schema alone."""
COMPANIONS = {(SEEDANCE_2, "audio_urls"): {"video_urls": [VIDEO]}}
"""What must be there for a field to be allowed."""
INSTEAD = {("hunyuan3d", "image_url"): {"prompt"}, ("subtitles", "audio_url"): {"video_url"}}
"""What must not be there for a field to be allowed."""


class _Fetched(dict[str, tuple[str, bytes]]):
    """Whatever address is asked for was fetched: its own name is its content."""

    def __contains__(self, url: object) -> bool:
        return True

    def __getitem__(self, url: str) -> tuple[str, bytes]:
        return "image/jpeg", url.encode()

    def get(self, url: str, default: Any = None) -> Any:
        del default
        return self[url]


def spoken_routes(model: Model, given: dict[str, Any]) -> list[Route]:
    return [each for each in model.routes if each.protocol in protocols() and each.fits(given)]


def effect(catalog: Catalog, model: Model, given: dict[str, Any]) -> list[Any]:
    """What every route's provider is sent, and what storage makes of its answer."""
    assert model.faults(given) == []
    complete = model.with_defaults(given)
    return [
        *(sent(route, complete) for route in spoken_routes(model, complete)),
        derived(catalog, model, complete),
    ]


def sent(route: Route, complete: dict[str, Any]) -> tuple[str, bytes]:
    submission = Submission(
        route.model,
        route.translated(complete),
        "corr",
        options=route.options,
        template=route.template,
        fetched=_Fetched(),
    )
    random.seed(7)  # what a template draws
    request = adapter(route.protocol).submit("https://p", Credential("c", "s"), submission)
    return request.url, request.body


def derived(catalog: Catalog, model: Model, complete: dict[str, Any]) -> list[str]:
    return model.derive(complete, catalog.tier("studio"))


@pytest.mark.parametrize("slug", CASES)
def test_every_field_is_looked_at(catalog: Catalog, slug: str) -> None:
    fixed = {name for model, name in ONLY_ONE_VALUE if model == slug}
    assert CASES[slug][1].keys() | fixed == catalog.models[slug].schema["properties"].keys()
    for name in fixed:
        assert len(catalog.models[slug].schema["properties"][name]["enum"]) == 1


@pytest.mark.parametrize(
    ("slug", "field"), [(slug, field) for slug, (_, fields) in CASES.items() for field in fields]
)
def test_a_field_changes_the_providers_request_or_the_output(catalog: Catalog, slug: str, field: str) -> None:
    base, fields = CASES[slug]
    without, with_it = fields[field]
    model = catalog.models[slug]
    for before, after in zip(
        effect(catalog, model, {**base, **without}), effect(catalog, model, {**base, **with_it}), strict=True
    ):
        if isinstance(before, tuple):
            assert before != after or derived(catalog, model, with_it) != derived(catalog, model, without)


FIELDS = [
    (model.slug, field)
    for model in Catalog.load().models.values()
    if model.slug not in CASES
    for field, schema in model.schema["properties"].items()
    if len(schema.get("enum", [1, 2])) > 1
]


@pytest.mark.parametrize(("slug", "field"), FIELDS)
def test_a_field_of_any_model_changes_what_each_of_its_providers_is_sent(
    catalog: Catalog, slug: str, field: str
) -> None:
    model = catalog.models[slug]
    schema = model.schema["properties"][field]
    base = {**minimal(model), **COMPANIONS.get((slug, field), {})}
    base = {name: each for name, each in base.items() if name not in INSTEAD.get((slug, field), set())}
    present = base.get(field, schema.get("default"))
    value = VALUES[slug, field] if (slug, field) in VALUES else other(field, schema, present)
    changed = model.with_defaults({**base, field: value})
    assert model.faults(changed) == []
    plain = model.with_defaults(base)
    for route in spoken_routes(model, changed):
        made = derived(catalog, model, changed) != derived(catalog, model, plain)
        assert made or sent(route, changed) != sent(route, plain), route.provider


def test_the_one_duration_of_veo_is_sent(catalog: Catalog) -> None:
    sent_to, *_ = effect(catalog, catalog.models["veo3-1-quality"], {"prompt": "p"})
    assert b'"durationSeconds":8' in sent_to[1]

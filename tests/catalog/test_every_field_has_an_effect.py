"""Each field of each schema changes the provider's request or what storage derives."""

from typing import Any

import pytest
from catalog.catalog import Catalog
from catalog.model import Model
from providers.adapter import adapter
from providers.job import Credential, Submission

IMAGE, OTHER, VIDEO, AUDIO = "https://e/i.jpg", "https://e/j.jpg", "https://e/v.mp4", "https://e/a.mp3"

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


def effect(catalog: Catalog, model: Model, given: dict[str, Any]) -> tuple[bytes, list[str]]:
    assert model.faults(given) == []
    complete = model.with_defaults(given)
    route = model.routes[0]
    fetched = {IMAGE: ("image/jpeg", b"i")}
    submission = Submission(route.model, complete, "corr", options=route.options, fetched=fetched)
    request = adapter(route.protocol).submit("https://p", Credential("c", "s"), submission)
    return request.body, model.derive(complete, catalog.tier("studio"))


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
    assert effect(catalog, model, {**base, **without}) != effect(catalog, model, {**base, **with_it})


def test_the_one_duration_of_veo_is_sent(catalog: Catalog) -> None:
    body, _ = effect(catalog, catalog.models["veo3-1-quality"], {"prompt": "p"})
    assert b'"durationSeconds":8' in body

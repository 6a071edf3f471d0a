"""What the catalog accepts comes out of the simulator at its quote; what can go wrong is in `scenarios`."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from catalog.catalog import Catalog
from catalog.price import actual_micro
from providers.job import Submission
from providers.outcomes import Succeeded
from scenarios.stage import Stage
from scenarios.subjects import SUBJECTS

WAN, SEEDANCE, VEO = "wan2-6-i2v-flash", "doubao-seedance-2-0-fast", "veo3-1-quality"
IMAGE, VIDEO, AUDIO = "https://host.invalid/i.png", "https://host.invalid/v.mp4", "https://host.invalid/a.mp3"
CATALOG = Catalog.load()


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=30) as client:
        yield client


async def run(url: str, http: httpx.AsyncClient, slug: str, given: dict[str, Any]) -> tuple[Stage, Succeeded]:
    model = CATALOG.models[slug]
    assert model.faults(given) == []
    route = model.routes[0]
    stage = Stage(url, http, SUBJECTS[route.protocol])
    complete = model.with_defaults(given)
    found = await stage.finish(Submission(route.model, complete, "corr", options=route.options))
    assert isinstance(found, Succeeded), found
    return stage, found


ROLES = [{"url": IMAGE, "role": "first_frame"}, {"url": IMAGE, "role": "last_frame"}]
EVERYTHING = [
    (WAN, {"image_urls": [IMAGE]}),
    (
        WAN,
        {
            "image_urls": ["data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="],  # noqa: E501
            "prompt": "turn",
            "negative_prompt": "blur",
            "template": "flying",
            "audio_url": AUDIO,
            "shot_type": "multi",
            "seed": 2147483647,
            "resolution": "720p",
            "duration": 15,
            "watermark": True,
        },
    ),
    (SEEDANCE, {"prompt": "p", "tools": [{"type": "web_search"}]}),
    (SEEDANCE, {"prompt": "p", "size": "adaptive", "image_with_roles": ROLES, "return_last_frame": True}),
    (
        SEEDANCE,
        {
            "prompt": "p",
            "size": "21:9",
            "resolution": "720p",
            "duration": 15,
            "seed": 0,
            "image_urls": [IMAGE] * 9,
            "audio_urls": [AUDIO] * 3,
            "generate_audio": True,
            "camera_fixed": True,
            "watermark": True,
        },
    ),
    (VEO, {"prompt": "p"}),
    (
        VEO,
        {
            "prompt": "p",
            "image_urls": [IMAGE, IMAGE + "?2"],
            "generation_type": "frame",
            "resolution": "4k",
            "aspect_ratio": "9:16",
            "enable_gif": True,
        },
    ),
]  # fmt: skip


@pytest.mark.parametrize(("slug", "given"), EVERYTHING)
async def test_what_the_catalog_accepts_comes_out_as_a_file_at_its_quote(
    simulator: str, http: httpx.AsyncClient, slug: str, given: dict[str, Any]
) -> None:
    stage, found = await run(simulator, http, slug, given)
    for output in found.outputs:
        file = await stage.fetch(output.url)
        assert file.status == 200
        assert len(file.body) > 0
    assert ("last_frame" in [each.role for each in found.outputs]) is given.get("return_last_frame", False)
    model = CATALOG.models[slug]
    quote = model.quote(model.with_defaults(given))
    assert actual_micro(quote.rule, found.usage.as_dict()) == quote.micro


async def test_input_video_is_settled_by_the_tokens_that_it_took(
    simulator: str, http: httpx.AsyncClient
) -> None:
    given = {"prompt": "p", "resolution": "720p", "duration": 5, "video_urls": [VIDEO]}
    _, found = await run(simulator, http, SEEDANCE, given)
    quote = CATALOG.models[SEEDANCE].quote(CATALOG.models[SEEDANCE].with_defaults(given))
    assert quote.micro == 788_400 * 20
    assert actual_micro(quote.rule, found.usage.as_dict()) == 788_400 * 10  # 5 s are assumed for a lost video

"""The adapters against the provider simulator, which is as strict as the providers and shares no code."""

import asyncio
import socket
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from catalog.catalog import Catalog
from catalog.price import actual_micro
from providers.adapter import Adapter, adapter
from providers.http import HttpRequest, HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import (
    Absent,
    Accepted,
    BadCredentials,
    CancelAccepted,
    Cancelled,
    Failed,
    Found,
    Gone,
    Moderated,
    Progress,
    Succeeded,
)

PATHS = {"ark": "/ark/api/v3", "dashscope": "/dashscope/api/v1", "gemini": "/gemini/v1beta"}
WAN, SEEDANCE, VEO = "wan2-6-i2v-flash", "doubao-seedance-2-0-fast", "veo3-1-quality"
IMAGE, VIDEO, AUDIO = "https://host.invalid/i.png", "https://host.invalid/v.mp4", "https://host.invalid/a.mp3"
PIXEL = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
KEY = Credential("c", "good-key")
CATALOG = Catalog.load()


class Client:
    """Sends what adapters build to a simulator."""

    def __init__(self, url: str, http: httpx.AsyncClient) -> None:
        self._url, self._http = url, http

    def base(self, spoken: Adapter) -> str:
        return self._url + PATHS[spoken.name]

    async def send(self, request: HttpRequest) -> HttpResponse:
        answer = await self._http.request(
            request.method, request.url, headers=request.headers, content=request.body
        )
        return HttpResponse(answer.status_code, dict(answer.headers), answer.content)

    async def submit(
        self, slug: str, given: dict[str, Any], correlation: str = "corr"
    ) -> tuple[Adapter, str]:
        model = CATALOG.models[slug]
        assert model.faults(given) == []
        route = model.routes[0]
        spoken = adapter(route.protocol)
        complete = model.with_defaults(given)
        bare = Submission(route.model, complete, correlation, options=route.options)
        fetched = dict.fromkeys(spoken.inputs_to_fetch(bare), ("image/png", PIXEL))
        ready = Submission(route.model, complete, correlation, options=route.options, fetched=fetched)
        outcome = spoken.parse_submit(await self.send(spoken.submit(self.base(spoken), KEY, ready)))
        assert isinstance(outcome, Accepted), outcome
        return spoken, outcome.job_id

    async def outcome(self, spoken: Adapter, job_id: str) -> Any:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            found = spoken.parse_poll(await self.send(spoken.poll(self.base(spoken), KEY, job_id)))
            if not isinstance(found, Progress):
                return found
            await asyncio.sleep(0.05)
        raise AssertionError(f"{job_id} did not finish")


@pytest.fixture(scope="module")
def simulator() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    env = {"SIM_DELAY_SECONDS": "0.1", "SIM_RENDER": "cached"}
    process = subprocess.Popen([sys.executable, "-m", "simulator", "--port", str(port)], env=env)
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                break
        except httpx.TransportError:
            time.sleep(0.05)
    yield url
    process.terminate()
    process.wait(10)


@pytest.fixture
async def client(simulator: str) -> AsyncIterator[Client]:
    async with httpx.AsyncClient(timeout=30) as http:
        yield Client(simulator, http)


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
    client: Client, slug: str, given: dict[str, Any]
) -> None:
    spoken, job_id = await client.submit(slug, given)
    found = await client.outcome(spoken, job_id)
    assert isinstance(found, Succeeded), found
    for output in found.outputs:
        file = await client.send(spoken.fetch(client.base(spoken), KEY, output.url))
        assert file.status == 200
        assert len(file.body) > 0
    assert ("last_frame" in [each.role for each in found.outputs]) is given.get("return_last_frame", False)
    model = CATALOG.models[slug]
    quote = model.quote(model.with_defaults(given))
    assert actual_micro(quote.rule, found.usage.as_dict()) == quote.micro


async def test_input_video_is_settled_by_the_tokens_that_it_took(client: Client) -> None:
    given = {"prompt": "p", "resolution": "720p", "duration": 5, "video_urls": [VIDEO]}
    found = await client.outcome(*await client.submit(SEEDANCE, given))
    assert isinstance(found, Succeeded)
    quote = CATALOG.models[SEEDANCE].quote(CATALOG.models[SEEDANCE].with_defaults(given))
    assert quote.micro == 788_400 * 20
    assert actual_micro(quote.rule, found.usage.as_dict()) == 788_400 * 10  # 5 s are assumed for a lost video


@pytest.mark.parametrize(
    ("marker", "kinds"),
    [("[sim:fail]", Failed), ("[sim:moderated]", Moderated), ("[sim:expired]", (Failed, Gone))],
)
@pytest.mark.parametrize(
    ("slug", "given"),
    [(WAN, {"image_urls": [IMAGE]}), (SEEDANCE, {}), (VEO, {})],
    ids=["wan", "seedance", "veo"],
)
async def test_a_job_that_fails_says_why(
    client: Client, slug: str, given: dict[str, Any], marker: str, kinds: Any
) -> None:
    found = await client.outcome(*await client.submit(slug, {**given, "prompt": marker}))
    assert isinstance(found, kinds), found


@pytest.mark.parametrize(("protocol", "job_id"), [("ark", "cgt-x"), ("dashscope", "x"), ("gemini", "models/veo-3.1-generate-preview/operations/x")])  # fmt: skip  # noqa: E501
async def test_an_unknown_job_is_gone_and_a_bad_key_is_named(
    client: Client, protocol: str, job_id: str
) -> None:
    spoken = adapter(protocol)
    poll = spoken.poll(client.base(spoken), KEY, job_id)
    assert isinstance(spoken.parse_poll(await client.send(poll)), Gone)
    bad = spoken.poll(client.base(spoken), Credential("b", "bad-key"), job_id)
    assert isinstance(spoken.parse_poll(await client.send(bad)), BadCredentials)


async def test_a_lost_ark_job_is_found_by_its_correlation_and_another_is_not(client: Client) -> None:
    since = int(time.time()) - 1
    spoken, job_id = await client.submit(SEEDANCE, {"prompt": "p"}, "corr-lost")
    model = CATALOG.models[SEEDANCE].routes[0].model

    async def look(correlation: str, page: int) -> object:
        request = spoken.lookup(client.base(spoken), KEY, model, since, page)
        assert request is not None
        return spoken.parse_lookup(await client.send(request), correlation, since)

    assert await look("corr-lost", 1) == Found(job_id)
    assert await look("corr-never", 2) == Absent()


@pytest.mark.parametrize(("slug", "given"), [(WAN, {"image_urls": [IMAGE]}), (SEEDANCE, {})])
async def test_a_queued_job_can_be_cancelled(client: Client, slug: str, given: dict[str, Any]) -> None:
    spoken, job_id = await client.submit(slug, {**given, "prompt": "[sim:queued]"})
    request = spoken.cancel(client.base(spoken), KEY, job_id)
    assert request is not None
    assert spoken.parse_cancel(await client.send(request)) == CancelAccepted()
    assert await client.outcome(spoken, job_id) == Cancelled()

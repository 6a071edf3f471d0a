"""The official openai SDK, unchanged, with our address and key."""

import asyncio
import base64
import io
import threading
from collections.abc import Iterator
from typing import Any

import av
import openai
import pytest
from flow_tools import World

SEEDANCE, WAN, IMAGE = "doubao-seedance-2-0-fast", "wan2-6-i2v-flash", "flux"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="


@pytest.fixture
async def client(world: World) -> Iterator[openai.AsyncOpenAI]:
    customer = await world.customer("500")
    async with openai.AsyncOpenAI(
        base_url=f"{world.facts['gateway_url']}/v1", api_key=customer.key, max_retries=0
    ) as made:
        yield made


async def video(client: openai.AsyncOpenAI, **changes: Any) -> Any:
    wanted = {"model": SEEDANCE, "prompt": "a red kite", "seconds": "4", "size": "854x480", **changes}
    return await client.videos.create(**wanted)


async def test_a_video_is_created_polled_and_downloaded(world: World, client: openai.AsyncOpenAI) -> None:
    await world.simulate(render="real")
    made = await client.videos.create_and_poll(
        model=SEEDANCE, prompt="a red kite", seconds="4", size="854x480"
    )
    assert (made.status, made.progress, made.object) == ("completed", 100, "video")
    assert (made.seconds, made.model, made.prompt) == ("4", SEEDANCE, "a red kite")
    content = await client.videos.download_content(made.id)
    with av.open(io.BytesIO(await content.aread())) as file:
        picture = file.streams.video[0]
        assert f"{picture.width}x{picture.height}" == made.size
    again = await client.videos.retrieve(made.id)
    assert again.size == made.size
    ranged = await client.videos.with_raw_response.download_content(
        made.id, extra_headers={"Range": "bytes=0-9"}
    )
    assert ranged.status_code == 206
    removed = await client.videos.delete(made.id)
    assert (removed.deleted, removed.object) == (True, "video.deleted")
    with pytest.raises(openai.NotFoundError):
        await client.videos.retrieve(made.id)


async def test_json_and_form_say_the_same(client: openai.AsyncOpenAI) -> None:
    as_json = await client.videos.create(
        prompt="x",
        extra_headers={"Content-Type": "application/json"},
        extra_body={"model": SEEDANCE, "seconds": 4, "generate_audio": False, "resolution": "480p"},
    )
    as_form = await client.videos.create(
        prompt="x", model=SEEDANCE, seconds="4", extra_body={"generate_audio": "false", "resolution": "480p"}
    )
    assert (as_json.seconds, as_json.size) == (as_form.seconds, as_form.size)


async def test_the_input_reference_reaches_the_model(client: openai.AsyncOpenAI) -> None:
    made = await client.videos.create(
        model=WAN, prompt="turn", input_reference=("a.png", _pixel(), "image/png"), extra_body={"duration": 2}
    )
    done = await client.videos.poll(made.id)
    assert done.status == "completed", done.error


async def test_a_list_goes_on_after_the_last_id(client: openai.AsyncOpenAI) -> None:
    ids = [(await video(client, prompt=f"{n}")).id for n in range(3)]
    newest_first = [each.id async for each in client.videos.list(limit=2)]
    assert newest_first == ids[::-1]
    oldest_first = [each.id async for each in client.videos.list(limit=1, order="asc")]
    assert oldest_first == ids


async def test_the_sdks_exceptions(world: World, client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as bad:
        await video(client, size="1x1")
    assert (bad.value.param, bad.value.code) == ("size", "unsupported_parameter")
    with pytest.raises(openai.BadRequestError) as long:
        await video(client, seconds="99")
    assert long.value.param == "seconds"
    with pytest.raises(openai.NotFoundError) as unknown:
        await video(client, model="no-such-model")
    assert (unknown.value.param, unknown.value.code) == ("model", "model_not_found")
    with pytest.raises(openai.AuthenticationError):
        await video(client.with_options(api_key="mv_live_nonsense"))
    with pytest.raises(openai.NotFoundError):
        await client.videos.retrieve("task_00000000000000000000000000")
    with pytest.raises(openai.BadRequestError) as listed:
        await client.videos.list(limit=1000)
    assert listed.value.param == "limit"
    poor = await world.customer("1")
    with pytest.raises(openai.RateLimitError) as broke:
        await video(client.with_options(api_key=poor.key))
    assert broke.value.code == "insufficient_quota"
    assert broke.value.response.headers["x-should-retry"] == "false"
    assert broke.value.request_id is not None


async def test_an_idempotency_key_gives_one_video_however_often_it_is_sent(world: World) -> None:
    customer = await world.customer("500")
    ids: list[str] = []

    def send() -> None:
        url = f"{world.facts['gateway_url']}/v1"
        with openai.OpenAI(base_url=url, api_key=customer.key, max_retries=8) as sync:
            made = sync.videos.create(
                model=SEEDANCE,
                prompt="once",
                seconds="4",
                input_reference=("a.png", _pixel(), "image/png"),
                extra_headers={"Idempotency-Key": "one"},
            )
            ids.append(made.id)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for each in threads:
        each.start()
    await asyncio.to_thread(lambda: [each.join() for each in threads])
    assert len(ids) == 8
    assert len(set(ids)) == 1
    api = openai.AsyncOpenAI(base_url=f"{world.facts['gateway_url']}/v1", api_key=customer.key)
    with pytest.raises(openai.ConflictError) as reused:
        await video(api, extra_headers={"Idempotency-Key": "one"})
    assert reused.value.code == "idempotency_key_reused"
    await api.close()


async def test_images_are_in_the_answer(client: openai.AsyncOpenAI) -> None:
    linked = await client.images.generate(model=IMAGE, prompt="a red kite", n=2, size="512x512")
    assert len({each.url for each in linked.data}) == 2
    inline = await client.images.generate(
        model=IMAGE, prompt="a red kite", size="512x512", response_format="b64_json"
    )
    assert inline.data[0].b64_json
    with pytest.raises(openai.BadRequestError) as many:
        await client.images.generate(model=IMAGE, prompt="x", n=11)
    assert many.value.param == "n"


@pytest.mark.parametrize(("model", "voice"), [("tts", "en_gb_female"), ("gpt-4o-mini-tts", "coral")])
async def test_speech_is_the_answer(client: openai.AsyncOpenAI, model: str, voice: str) -> None:
    spoken = await client.audio.speech.create(model=model, input="Good evening.", voice=voice)
    with av.open(io.BytesIO(await spoken.aread())) as file:
        assert file.streams.audio
    with pytest.raises(openai.BadRequestError) as unknown:
        await client.audio.speech.create(model=model, input="Good evening.", voice="nobody")
    assert unknown.value.param == "voice"


async def test_models_are_listed(client: openai.AsyncOpenAI) -> None:
    slugs = [each.id async for each in client.models.list()]
    assert {SEEDANCE, WAN, IMAGE} <= set(slugs)
    assert (await client.models.retrieve(SEEDANCE)).owned_by == "framebus"
    with pytest.raises(openai.NotFoundError):
        await client.models.retrieve("no-such-model")


def _pixel() -> bytes:
    return base64.b64decode(PIXEL)

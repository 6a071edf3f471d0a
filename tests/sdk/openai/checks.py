"""openai: videos with its own helpers for poll, list, download and webhooks; images, sound, chat."""

from base64 import b64decode

import openai
from kit import KEY, Golden, Sim, guards, raises, until
from openai import OpenAI
from samples import png, wav

PROVIDER = "openai"
SORA = {"model": "sora-2", "prompt": "a paper boat", "seconds": "4", "size": "1280x720"}


def _client(sim: Sim, key: str = KEY, **more: object) -> OpenAI:
    return OpenAI(base_url=f"{sim.url}/openai/v1", api_key=key, **{"max_retries": 0, **more})


@guards("id", drop=["id"], path="/videos$")
@guards("object")
@guards("status")
@guards("progress")
@guards("created_at")
@guards("completed_at")
@guards("expires_at")
@guards("seconds")
@guards("size")
@guards("prompt")
@guards("openai-poll-after-ms", drop_headers=["openai-poll-after-ms"])
def check_creates_and_polls_to_the_end(sim: Sim) -> None:
    client = _client(sim)
    raw = client.videos.with_raw_response.create(**SORA)
    first = raw.parse()
    assert (first.object, first.status, first.progress) == ("video", "queued", 0), first
    assert int(raw.headers["openai-poll-after-ms"]) < 1000
    video = client.videos.create_and_poll(**SORA)
    assert (video.status, video.progress, video.error) == ("completed", 100, None), video
    assert (video.model, video.seconds, video.size, video.prompt) == tuple(
        SORA[name] for name in ("model", "seconds", "size", "prompt")
    )
    assert video.completed_at >= video.created_at
    assert video.expires_at - video.completed_at == 3600


@guards("the bytes", path="/content$", status=404)
def check_downloads_the_video_and_its_pictures(sim: Sim) -> None:
    client = _client(sim)
    video = client.videos.create_and_poll(**SORA)
    assert client.videos.download_content(video.id).read()[4:8] == b"ftyp"
    assert client.videos.download_content(video.id, variant="thumbnail").read()[8:12] == b"WEBP"
    assert client.videos.download_content(video.id, variant="spritesheet").read()[:2] == b"\xff\xd8"


@guards("last_id")
@guards("has_more")
@guards("data")
def check_lists_page_by_page(sim: Sim) -> None:
    client = _client(sim)
    made = [client.videos.create(**SORA).id for _ in range(3)]
    page = client.videos.list(limit=2)
    assert page.has_more is True
    assert page.last_id == page.data[-1].id
    seen = []
    for video in client.videos.list(limit=2):
        seen.append(video.id)
        if set(made) <= set(seen):
            break
    assert seen[:3] == made[::-1], (made, seen)


@guards("deleted")
def check_deletes_only_what_is_finished(sim: Sim) -> None:
    client = _client(sim)
    video = client.videos.create(**SORA)
    with raises(openai.BadRequestError):
        client.videos.delete(video.id)
    client.videos.poll(video.id)
    gone = client.videos.delete(video.id)
    assert (gone.id, gone.object, gone.deleted) == (video.id, "video.deleted", True)
    with raises(openai.NotFoundError):
        client.videos.retrieve(video.id)


@guards("remixed_from_video_id")
def check_remixes(sim: Sim) -> None:
    client = _client(sim)
    source = client.videos.create_and_poll(**SORA)
    remix = client.videos.remix(source.id, prompt="by night")
    assert (remix.remixed_from_video_id, remix.prompt, remix.size) == (source.id, "by night", source.size)


def check_takes_a_picture_of_the_videos_size_only(sim: Sim) -> None:
    client = _client(sim)
    fitting = ("first.png", png(1280, 720), "image/png")
    assert client.videos.create(**SORA, input_reference=fitting).status == "queued"
    with raises(openai.BadRequestError) as caught:
        client.videos.create(**SORA, input_reference=("first.png", png(64, 64), "image/png"))
    assert caught.error.param == "input_reference"


def check_takes_json_as_well(sim: Sim) -> None:
    video = _client(sim).videos.create(
        prompt="a paper boat",
        extra_headers={"Content-Type": "application/json"},
        extra_body={"seconds": "8", "input_reference": {"image_url": "https://host.invalid/first.png"}},
    )
    assert (video.seconds, video.size) == ("8", "720x1280")


@guards("error.code")
@guards("error.message")
def check_a_failed_video_says_why(sim: Sim) -> None:
    client = _client(sim)
    failed = client.videos.create_and_poll(**{**SORA, "prompt": "[sim:fail]"})
    refused = client.videos.create_and_poll(**{**SORA, "prompt": "[sim:moderated]"})
    assert (failed.status, failed.error.code) == ("failed", "server_error")
    assert (refused.status, refused.error.code) == ("failed", "moderation_blocked")
    assert refused.error.message


@guards("signing_secret")
@guards("the signature", webhooks="forged")
@guards("the webhook", webhooks="off")
def check_unwraps_its_webhooks(sim: Sim) -> None:
    with sim.receiver() as hooks:
        client = _client(sim)
        endpoint = client.webhooks.create(
            event_types=["video.completed", "video.failed"], name="conformance", url=hooks.url
        )
        try:
            video = client.videos.create(**SORA)
            received = hooks.wait(1)[0]
            secret = endpoint.signing_secret
            event = client.webhooks.unwrap(received.body.decode(), received.headers, secret=secret)
            assert (event.type, event.data.id) == ("video.completed", video.id)
            with raises(openai.InvalidWebhookSignatureError):
                client.webhooks.unwrap(received.body.decode() + " ", received.headers, secret=secret)
            assert endpoint.id in [each.id for each in client.webhooks.list()]
            assert client.webhooks.rotate_secret(endpoint.id).signing_secret != secret
        finally:
            assert client.webhooks.delete(endpoint.id).deleted


@guards("b64_json")
@guards("usage")
@guards("output_format")
def check_draws_pictures(sim: Sim) -> None:
    made = _client(sim).images.generate(
        model="gpt-image-1.5", prompt="a paper boat", n=2, size="1024x1024", output_format="webp"
    )
    assert [b64decode(each.b64_json)[8:12] for each in made.data] == [b"WEBP"] * 2
    assert (made.size, made.output_format, made.quality) == ("1024x1024", "webp", "auto")
    assert made.usage.total_tokens == made.usage.input_tokens + made.usage.output_tokens
    assert sim.log()[-1]["usage"]["output_tokens"] == made.usage.output_tokens


@guards("url")
def check_links_pictures_of_older_models(sim: Sim) -> None:
    made = _client(sim).images.generate(model="dall-e-3", prompt="a paper boat")
    assert sim.fetch(made.data[0].url)[:8] == b"\x89PNG\r\n\x1a\n"


def check_edits_pictures(sim: Sim) -> None:
    client = _client(sim)
    files = [(f"{n}.png", png(64, 64), "image/png") for n in (1, 2)]
    for image in (files[0], files):
        made = client.images.edit(model="gpt-image-1.5", image=image, prompt="by night")
        assert b64decode(made.data[0].b64_json)[:8] == b"\x89PNG\r\n\x1a\n"
    with raises(openai.BadRequestError):
        client.images.edit(model="gpt-image-1.5", image=("a.txt", b"no picture", "text/plain"), prompt="x")


@guards("the status", path="/speech$", status=500)
def check_speaks(sim: Sim) -> None:
    client = _client(sim)
    for form, head in {
        "mp3": (b"ID3", b"\xff\xfb", b"\xff\xf3"),
        "wav": (b"RIFF",),
        "flac": (b"fLaC",),
    }.items():
        with client.audio.speech.with_streaming_response.create(
            model="gpt-4o-mini-tts", voice="coral", input="A paper boat.", response_format=form
        ) as spoken:
            assert spoken.read().startswith(head), form


@guards("text")
@guards("segments")
@guards("words")
@guards("duration")
def check_transcribes(sim: Sim) -> None:
    hear, file = _client(sim).audio.transcriptions.create, ("speech.wav", wav(7), "audio/wav")
    assert hear(model="gpt-4o-transcribe", file=file).text
    assert hear(model="whisper-1", file=file, response_format="srt").startswith("1\n00:00:00,000 --> ")
    assert hear(model="whisper-1", file=file, response_format="vtt").startswith("WEBVTT\n")
    told = hear(
        model="whisper-1",
        file=file,
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )
    assert (told.duration, told.segments[-1].end) == (7.0, 7.0)
    assert told.words[0].word
    with raises(openai.BadRequestError):
        hear(model="whisper-1", file=("speech.wav", b"no sound", "audio/wav"))


@guards("choices")
@guards("message.content")
@guards("finish_reason")
@guards("usage")
def check_chats(sim: Sim) -> None:
    client = _client(sim)
    asked = [{"role": "user", "content": "Describe a paper boat."}]
    said = client.chat.completions.create(model="gpt-4o-mini", messages=asked)
    assert (said.object, said.choices[0].finish_reason) == ("chat.completion", "stop")
    assert said.usage.total_tokens == said.usage.prompt_tokens + said.usage.completion_tokens
    whole = said.choices[0].message.content
    options = {"include_usage": True}
    chunks = list(
        client.chat.completions.create(
            model="gpt-4o-mini", messages=asked, stream=True, stream_options=options
        )
    )
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == whole
    assert chunks[-1].usage.total_tokens == said.usage.total_tokens
    refused = client.chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "[sim:moderated]"}]
    )
    assert refused.choices[0].message.refusal


@guards("owned_by")
@guards("created")
def check_lists_models(sim: Sim) -> None:
    client = _client(sim)
    models = {each.id: each for each in client.models.list()}
    assert {"sora-2", "gpt-image-1.5", "whisper-1", "gpt-4o-mini"} <= set(models)
    assert isinstance(models["sora-2"].created, int)
    assert models["sora-2"].owned_by == "openai"
    assert client.models.retrieve("sora-2").id == "sora-2"


@guards("error.code")
@guards("error.param")
@guards("error.type")
@guards("x-request-id", drop_headers=["x-request-id"])
def check_raises_its_own_exceptions(sim: Sim) -> None:
    client = _client(sim)
    with raises(openai.AuthenticationError) as caught:
        _client(sim, "bad-key").videos.create(**SORA)
    assert caught.error.code == "invalid_api_key"
    with raises(openai.NotFoundError) as caught:
        client.videos.retrieve("video_0")
    assert caught.error.request_id.startswith("req_")
    with raises(openai.NotFoundError) as caught:
        client.videos.create(**{**SORA, "model": "no-such-model-0"})
    assert (caught.error.code, caught.error.param) == ("model_not_found", "model")
    with raises(openai.BadRequestError) as caught:
        client.videos.create(**{**SORA, "seconds": "5"})
    assert (caught.error.param, caught.error.type) == ("seconds", "invalid_request_error")
    with raises(openai.BadRequestError) as caught:
        client.images.generate(model="gpt-image-1.5", prompt="[sim:moderated]")
    assert (caught.error.code, caught.error.type) == ("moderation_blocked", "image_generation_user_error")
    sim.set(out_of_quota_next=1)
    with raises(openai.RateLimitError) as caught:
        client.videos.create(**SORA)
    assert caught.error.code == "insufficient_quota"


@guards("retry-after", drop_headers=["retry-after"])
def check_a_rate_limit_tells_how_long_to_wait(sim: Sim) -> None:
    sim.set(status_code_next=429, retry_after_seconds=1)
    with raises(openai.RateLimitError) as caught:
        _client(sim).videos.create(**SORA)
    assert caught.error.code == "rate_limit_exceeded"
    assert caught.error.response.headers["retry-after"] == "1"


def check_retries_what_was_only_throttled(sim: Sim) -> None:
    before = len(sim.log())
    sim.set(status_code_next={"status": 429, "times": 1})
    assert _client(sim, max_retries=2).videos.create(**SORA).status == "queued"
    until(lambda: len(sim.log()) == before + 1)


def golden_text_to_video(sim: Sim, golden: Golden) -> None:
    client = _client(sim)
    with golden("submit"):
        video = client.videos.create(**SORA)
    golden.calls(video.id, "JOB")
    with golden("poll"):
        client.videos.retrieve(video.id)
    client.videos.poll(video.id)
    with golden("content"):
        client.videos.download_content(video.id)
    with golden("remix"):
        client.videos.remix(video.id, prompt="by night")


def golden_image_to_video(sim: Sim, golden: Golden) -> None:
    with golden("submit"):
        _client(sim).videos.create(**SORA, input_reference=("first.png", png(1280, 720), "image/png"))


def golden_image(sim: Sim, golden: Golden) -> None:
    client, picture = _client(sim), ("image.png", png(64, 64), "image/png")
    with golden("generate"):
        client.images.generate(
            model="gpt-image-1.5", prompt="a paper boat", n=2, size="1024x1024", quality="low"
        )
    with golden("edit"):
        client.images.edit(model="gpt-image-1.5", image=picture, prompt="by night", size="1024x1024")
    with golden("edit_two"):
        client.images.edit(model="gpt-image-1.5", image=[picture, picture], prompt="by night")


def golden_speech(sim: Sim, golden: Golden) -> None:
    with golden("submit"):
        _client(sim).audio.speech.create(
            model="gpt-4o-mini-tts", voice="coral", input="A paper boat.", response_format="wav", speed=1.5
        )


def golden_transcription(sim: Sim, golden: Golden) -> None:
    with golden("submit"):
        _client(sim).audio.transcriptions.create(
            model="whisper-1", file=("file.wav", wav(1), "audio/wav"), response_format="verbose_json",
            language="en", timestamp_granularities=["word"],
        )  # fmt: skip


def golden_chat(sim: Sim, golden: Golden) -> None:
    picture = {"type": "image_url", "image_url": {"url": "https://host.invalid/boat.png"}}
    content = [{"type": "text", "text": "Describe it."}, picture]
    with golden("submit"):
        _client(sim).chat.completions.create(
            model="gpt-4o-mini",
            messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": content}],
            temperature=0.5,
        )

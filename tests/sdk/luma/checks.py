"""lumaai: generations of videos and pictures, lists, deletes, callbacks and errors."""

from typing import Any

import lumaai
from kit import KEY, Golden, Sim, guards, raises, until
from lumaai import LumaAI

PROVIDER = "luma"
FIRST, LAST = "https://host.invalid/first.png", "https://host.invalid/last.png"
JOB = {"model": "ray-flash-2", "prompt": "a paper boat", "duration": "5s", "resolution": "540p"}


def _client(sim: Sim, key: str = KEY) -> LumaAI:
    return LumaAI(auth_token=key, base_url=f"{sim.url}/luma/dream-machine/v1", max_retries=0)


def _end(client: LumaAI, generation_id: str) -> Any:
    def final() -> Any:
        found = client.generations.get(generation_id)
        return found if found.state in ("completed", "failed") else None

    return until(final)


@guards("id")
@guards("state")
@guards("assets.video")
def check_follows_a_generation_to_its_video(sim: Sim) -> None:
    client = _client(sim)
    made = client.generations.video.create(**JOB, aspect_ratio="16:9")
    assert made.state == "queued", made
    done = _end(client, made.id)
    assert done.generation_type == "video"
    assert done.request.prompt == JOB["prompt"]
    assert sim.fetch(done.assets.video)[4:8] == b"ftyp"


@guards("assets.image")
def check_makes_pictures(sim: Sim) -> None:
    client = _client(sim)
    made = client.generations.image.create(model="photon-1", prompt="a paper boat", format="png")
    assert sim.fetch(_end(client, made.id).assets.image).startswith(b"\x89PNG")


@guards("failure_reason")
def check_says_why_a_generation_failed(sim: Sim) -> None:
    client = _client(sim)
    done = _end(client, client.generations.video.create(**{**JOB, "prompt": "[sim:moderated]"}).id)
    assert "moderation" in done.failure_reason, done


@guards("callback", webhooks="off")
def check_calls_back_at_every_change_after_the_first(sim: Sim) -> None:
    with sim.receiver() as hooks:
        made = _client(sim).generations.video.create(**JOB, callback_url=hooks.url)
        states = [(each.json()["id"], each.json()["state"]) for each in hooks.wait(2)]
    assert states == [(made.id, "dreaming"), (made.id, "completed")]


@guards("generations")
@guards("has_more")
def check_lists_and_deletes(sim: Sim) -> None:
    client = _client(sim)
    made = client.generations.video.create(**JOB)
    page = client.generations.list(limit=1)
    assert [each.id for each in page.generations] == [made.id]
    assert page.has_more in (True, False)
    client.generations.delete(made.id)
    with raises(lumaai.NotFoundError):
        client.generations.get(made.id)


def check_raises_its_own_errors(sim: Sim) -> None:
    with raises(lumaai.AuthenticationError):
        _client(sim, "bad-key").generations.video.create(**JOB)
    with raises(lumaai.BadRequestError):
        _client(sim).generations.video.create(**{**JOB, "prompt": "a"})
    with raises(lumaai.UnprocessableEntityError):
        _client(sim).generations.video.create(**{**JOB, "duration": "99s"})
    with raises(lumaai.NotFoundError):
        _client(sim).generations.get("00000000-0000-4000-8000-000000000000")
    sim.set(out_of_quota_next=1)
    with raises(lumaai.BadRequestError) as caught:
        _client(sim).generations.video.create(**JOB)
    assert "credits" in caught.error.body["detail"]
    sim.set(status_code_next=429)
    with raises(lumaai.RateLimitError):
        _client(sim).generations.video.create(**JOB)


@guards("credit_balance")
def check_reads_the_balance_and_the_concepts(sim: Sim) -> None:
    client = _client(sim)
    assert client.credits.get().credit_balance > 0
    assert client.generations.concepts.list()
    assert client.ping.check().message == "pong"


def golden_video(sim: Sim, golden: Golden) -> None:
    client = _client(sim)
    frames = {"frame0": {"type": "image", "url": FIRST}, "frame1": {"type": "image", "url": LAST}}
    callback = "https://host.invalid/hook?attempt=1&correlation=corr"
    with golden("submit"):
        made = client.generations.video.create(
            **JOB, aspect_ratio="16:9", loop=False, keyframes=frames, callback_url=callback
        )
    golden.calls(made.id, "JOB")
    with golden("poll"):
        client.generations.get(made.id)
    with golden("lookup"):
        client.generations.list(limit=100, offset=0)


def golden_image(sim: Sim, golden: Golden) -> None:
    with golden("submit"):
        _client(sim).generations.image.create(
            model="photon-1", prompt="a paper boat", aspect_ratio="1:1", image_ref=[{"url": FIRST}]
        )

"""fal-client: the queue by its handles, `subscribe`, its exceptions, and webhooks by fal's published keys."""

import base64
import hashlib
import json
import os

import fal_client
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fal_client.client import Completed, FalClientHTTPError, InProgress, Queued, SyncClient
from kit import KEY, Golden, Sim, guards, raises, until

PROVIDER = "fal"
MODEL = "fal-ai/wan/v2.2-a14b/text-to-video"
PICTURES = "fal-ai/flux/dev"
JOB = {"prompt": "a paper boat", "num_frames": 33, "resolution": "480p", "seed": 7}


def _client(sim: Sim, key: str = KEY) -> SyncClient:
    fal_client.client.QUEUE_URL_FORMAT = f"{sim.url}/fal/"
    os.environ.pop("FAL_KEY", None)
    return SyncClient(key=key)


@guards("request_id")
@guards("response_url")
@guards("status_url")
@guards("cancel_url")
@guards("queue_position", path="/status$", drop="queue_position")
@guards("logs")
@guards("a status it knows", path="/status$", set={"status": "FAILED"})
def check_polls_with_its_own_handle(sim: Sim) -> None:
    client = _client(sim)
    waiting = client.submit(MODEL, {**JOB, "prompt": "[sim:queued] boat"}).status()
    assert isinstance(waiting, Queued), waiting
    handle = client.submit(MODEL, {**JOB, "prompt": "[sim:delay=1.6] boat"})
    seen = list(handle.iter_events(with_logs=True))
    assert isinstance(seen[-1], Completed), seen[-1]
    assert any(isinstance(each, InProgress) for each in seen)
    assert seen[-1].metrics["inference_time"] > 0
    assert seen[-1].error is None


@guards("video.url")
def check_subscribes_and_downloads(sim: Sim) -> None:
    states = []
    result = _client(sim).subscribe(MODEL, JOB, on_queue_update=states.append)
    assert states
    assert result["video"]["content_type"] == "video/mp4"
    assert sim.fetch(result["video"]["url"])[4:8] == b"ftyp"


def check_makes_as_many_pictures_as_asked(sim: Sim) -> None:
    result = _client(sim).subscribe(PICTURES, {"prompt": "a boat", "num_images": 2, "image_size": "square"})
    assert [(each["width"], each["height"]) for each in result["images"]] == [(512, 512)] * 2


@guards("addresses below the app", set={"status_url": "http://127.0.0.1:9/nowhere"})
def check_finds_a_request_by_its_id_below_the_app(sim: Sim) -> None:
    client = _client(sim)
    handle = client.submit(MODEL, JOB)
    assert handle.status_url == f"{sim.url}/fal/fal-ai/wan/requests/{handle.request_id}/status"
    assert client.result(MODEL, handle.request_id)["video"]["url"]


@guards("error_type")
def check_sees_a_cancelled_request_as_completed_with_an_error(sim: Sim) -> None:
    client = _client(sim)
    handle = client.submit(MODEL, {**JOB, "prompt": "[sim:queued] boat"})
    handle.cancel()
    status = handle.status()
    assert isinstance(status, Completed)
    assert status.error_type == "client_cancelled"
    with raises(FalClientHTTPError) as caught:
        handle.get()
    assert caught.error.error_type == "client_cancelled"


def check_cannot_cancel_what_is_over(sim: Sim) -> None:
    handle = _client(sim).submit(MODEL, JOB)
    handle.get()
    with raises(FalClientHTTPError) as caught:
        handle.cancel()
    assert caught.error.status_code == 400
    assert caught.error.response.json()["status"] == "ALREADY_COMPLETED"


@guards("HTTP 422 of the model", path="/requests/[^/]+$", status=200)
def check_raises_the_models_own_refusal_after_completed(sim: Sim) -> None:
    handle = _client(sim).submit(MODEL, {**JOB, "num_frames": "many"})
    with raises(FalClientHTTPError) as caught:
        handle.get()
    assert caught.error.status_code == 422
    assert caught.error.message[0]["loc"] == ["body", "num_frames"]
    assert isinstance(handle.status(), Completed)


@guards("detail.type", drop="detail.type")
def check_tells_moderation_and_failure_apart_by_the_details(sim: Sim) -> None:
    client = _client(sim)
    for marker, status, kind in (
        ("[sim:moderated]", 422, "content_policy_violation"),
        ("[sim:fail]", 500, "internal_server_error"),
    ):
        with raises(FalClientHTTPError) as caught:
            client.subscribe(MODEL, {**JOB, "prompt": marker})
        assert (caught.error.status_code, caught.error.message[0]["type"]) == (status, kind)


@guards("error_type")
@guards("the platform's status", path="/requests/[^/]+$", status=500)
def check_names_the_platforms_own_error(sim: Sim) -> None:
    handle = _client(sim).submit(MODEL, {**JOB, "prompt": "[sim:expired]"})
    status = until(lambda: found if isinstance(found := handle.status(), Completed) else None)
    assert status.error_type == "request_timeout"
    with raises(FalClientHTTPError) as caught:
        handle.get()
    assert (caught.error.status_code, caught.error.error_type) == (504, "request_timeout")


@guards("HTTP 401", path="/wan", status=200)
def check_raises_for_a_bad_key(sim: Sim) -> None:
    with raises(FalClientHTTPError) as caught:
        _client(sim, "bad-key").submit(MODEL, JOB)
    assert caught.error.status_code == 401


def check_raises_for_an_account_without_balance(sim: Sim) -> None:
    sim.set(out_of_quota_next=1)
    with raises(FalClientHTTPError) as caught:
        _client(sim).submit(MODEL, JOB)
    assert caught.error.status_code == 403
    assert "Exhausted balance" in str(caught.error)


def check_raises_for_an_unknown_app_and_an_unknown_id(sim: Sim) -> None:
    client = _client(sim)
    for call in (
        lambda: client.submit("fal-ai/no-such-model-0", JOB),
        lambda: client.status(MODEL, "00000000-0000-4000-8000-000000000000"),
    ):
        with raises(FalClientHTTPError) as caught:
            call()
        assert caught.error.status_code == 404


def check_tries_again_when_there_are_too_many_requests(sim: Sim) -> None:
    sim.set(status_code_next={"status": 429, "times": 2}, record=True)
    assert _client(sim).submit(MODEL, JOB).request_id
    assert len(sim.requests()) == 3
    assert len(sim.log()) == len({each["id"] for each in sim.log()})


@guards("the signature", webhooks="forged")
def check_gets_a_webhook_that_the_published_keys_verify(sim: Sim) -> None:
    keys = json.loads(sim.fetch(f"{sim.url}/fal/.well-known/jwks.json"))["keys"]
    with sim.receiver() as hooks:
        handle = _client(sim).submit(MODEL, JOB, webhook_url=hooks.url)
        (hook,) = hooks.wait(1)
    names = ("request-id", "user-id", "timestamp")
    told = [hook.headers[f"x-fal-webhook-{name}"] for name in names]
    signed = "\n".join([*told, hashlib.sha256(hook.body).hexdigest()]).encode()
    raw = base64.urlsafe_b64decode(keys[0]["x"] + "=" * (-len(keys[0]["x"]) % 4))
    signature = bytes.fromhex(hook.headers["x-fal-webhook-signature"])
    Ed25519PublicKey.from_public_bytes(raw).verify(signature, signed)
    body = hook.json()
    assert (body["request_id"], body["status"]) == (handle.request_id, "OK")
    assert body["payload"]["video"]["url"]


def golden_text_to_video(sim: Sim, golden: Golden) -> None:
    client = _client(sim)
    with golden("submit"):
        handle = client.submit(MODEL, JOB, webhook_url="https://us.invalid/hook?token=t")
    golden.calls(handle.request_id, "JOB")
    with golden("poll"):
        handle.status()
    until(lambda: isinstance(handle.status(), Completed))
    response = handle.response_url
    with golden("result"):
        client._client.get(response).raise_for_status()
    with golden("cancel"):
        client._client.put(handle.cancel_url)

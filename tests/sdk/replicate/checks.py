"""replicate: predictions by model and by version, `run`, `wait`, lists, cancel, its webhook validation."""

import replicate
import replicate.pagination
from kit import KEY, Golden, Sim, guards, raises, until
from replicate.client import Client
from replicate.exceptions import ModelError, ReplicateError
from replicate.webhook import InvalidSignatureError, Webhooks, WebhookSigningSecret

PROVIDER = "replicate"
MODEL = "wan-video/wan-2.2-t2v-fast"
PICTURES = "black-forest-labs/flux-schnell"
VERSION = "5c7d5dc6dd8bf75c1acaa8565735e7986bc5b66206b55cca93cb72c9bf15ccaa"
INPUT = {"prompt": "a paper boat", "num_frames": 81, "resolution": "480p", "seed": 7}


def _client(sim: Sim, token: str = KEY) -> Client:
    client = replicate.Client(api_token=token, base_url=f"{sim.url}/replicate")
    client.poll_interval = 0.1
    return client


@guards("id")
@guards("model")
@guards("version")
@guards("status")
@guards("a status it knows", path="/predictions/[^/]+$", set={"status": "aborted"})
@guards("output")
def check_creates_waits_and_downloads(sim: Sim) -> None:
    prediction = _client(sim).models.predictions.create(MODEL, INPUT)
    assert prediction.status == "starting"
    prediction.wait()
    assert prediction.status == "succeeded"
    assert prediction.model == MODEL
    assert prediction.metrics["predict_time"] > 0
    assert prediction.progress.percentage == 1.0
    assert sim.fetch(prediction.output)[4:8] == b"ftyp"


def check_creates_by_version_and_by_deployment(sim: Sim) -> None:
    client = _client(sim)
    by_version = client.predictions.create(version=VERSION, input=INPUT)
    assert by_version.version == VERSION
    deployed = client.deployments.predictions.create("us/fast-video", INPUT)
    assert deployed.id != by_version.id


@guards("a final status after `Prefer: wait`", path="/predictions$", set={"status": "starting", "id": "x"})
@guards("output")
def check_runs_and_gets_the_output_in_one_answer(sim: Sim) -> None:
    sim.set(record=True)
    output = _client(sim).run(PICTURES, {"prompt": "a boat", "num_outputs": 2})
    assert len(output) == 2
    assert sim.fetch(str(output[0]))[:4] in (b"\x89PNG", b"RIFF", b"\xff\xd8\xff\xe0")
    (request,) = (each for each in sim.requests() if each["method"] == "POST")
    assert dict(request["headers"])["prefer"] == "wait"


@guards("starting, never processing, when it is over", path="/predictions$", set={"status": "processing"})
def check_runs_on_when_the_wait_is_over_before_the_prediction(sim: Sim) -> None:
    output = _client(sim).run(MODEL, {**INPUT, "prompt": "[sim:delay=1.6] boat"}, wait=1)
    assert sim.fetch(output)[4:8] == b"ftyp"


@guards("results")
@guards("results.version")
def check_lists_its_predictions(sim: Sim) -> None:
    client = _client(sim)
    made = client.models.predictions.create(MODEL, INPUT)
    page = client.predictions.list()
    assert made.id in [each.id for each in page]
    assert page.previous is None


@guards("next")
def check_turns_pages_by_cursor(sim: Sim) -> None:
    client = _client(sim)
    waits = {**INPUT, "prompt": "[sim:queued] boat"}
    oldest = client.models.predictions.create(MODEL, waits)
    for _ in range(100):
        client.models.predictions.create(MODEL, waits)
    pages = list(replicate.pagination.paginate(client.predictions.list))
    assert len(pages[0]) == 100
    assert oldest.id in [each.id for each in pages[1]]
    assert pages[0].next.startswith(f"{sim.url}/replicate/v1/predictions?")


@guards("canceled with one l", path="/predictions/", set={"status": "cancelled"})
def check_cancels(sim: Sim) -> None:
    prediction = _client(sim).models.predictions.create(MODEL, {**INPUT, "prompt": "[sim:queued] boat"})
    prediction.cancel()
    assert prediction.status == "canceled"
    prediction.reload()
    assert prediction.status == "canceled"


@guards("status failed", path="/predictions$", set={"status": "succeeded"})
@guards("error")
def check_raises_a_models_error_with_its_words(sim: Sim) -> None:
    with raises(ModelError) as caught:
        _client(sim).run(MODEL, {**INPUT, "prompt": "[sim:moderated]"})
    assert "flagged as sensitive" in str(caught.error)
    assert "(E005)" in caught.error.prediction.error


@guards("HTTP 401", path="/predictions", status=200)
@guards("detail")
def check_raises_for_a_bad_key(sim: Sim) -> None:
    with raises(ReplicateError) as caught:
        _client(sim, "bad-key").models.predictions.create(MODEL, INPUT)
    assert caught.error.status == 401
    assert "authentication" in caught.error.detail


@guards("title")
def check_raises_for_bad_input_unknown_ids_and_no_credit(sim: Sim) -> None:
    client = _client(sim)
    with raises(ReplicateError) as caught:
        client.models.predictions.create(MODEL, {"num_frames": 81})
    assert (caught.error.status, caught.error.title) == (422, "Input validation failed")
    with raises(ReplicateError) as caught:
        client.predictions.get("unknownunknownunknownunkno")
    assert caught.error.status == 404
    with raises(ReplicateError) as caught:
        client.models.predictions.create("someone/no-such-model-0", INPUT)
    assert caught.error.status == 404
    sim.set(out_of_quota_next=1)
    with raises(ReplicateError) as caught:
        client.models.predictions.create(MODEL, INPUT)
    assert caught.error.status == 402


def check_never_sends_a_throttled_create_again_but_a_throttled_read(sim: Sim) -> None:
    client = _client(sim)
    sim.set(status_code_next=429, record=True)
    with raises(ReplicateError) as caught:
        client.models.predictions.create(MODEL, INPUT)
    assert caught.error.status == 429
    assert len(sim.requests()) == 1
    made = client.models.predictions.create(MODEL, INPUT)
    sim.set(poll_status_code_next=429)
    assert client.predictions.get(made.id).id == made.id


@guards("the signature", webhooks="forged")
@guards("the secret", path="/secret$", set={"key": "whsec_b3RoZXI="})
def check_validates_its_webhooks(sim: Sim) -> None:
    client = _client(sim)
    secret = client.webhooks.default.secret()
    assert secret.key.count("_") == 1
    with sim.receiver() as hooks:
        made = client.models.predictions.create(
            MODEL, INPUT, webhook=hooks.url, webhook_events_filter=["start", "completed"]
        )
        start, end = hooks.wait(2)
    for hook in (start, end):
        Webhooks.validate(headers=hook.headers, body=hook.body.decode(), secret=secret, tolerance=300)
    assert start.json()["status"] == "processing"
    assert (end.json()["id"], end.json()["status"]) == (made.id, "succeeded")
    with raises(InvalidSignatureError):
        other = WebhookSigningSecret(key="whsec_b3RoZXI=")
        Webhooks.validate(headers=end.headers, body=end.body.decode(), secret=other)


def golden_by_model(sim: Sim, golden: Golden) -> None:
    client = _client(sim)
    with golden("submit"):
        made = client.models.predictions.create(
            MODEL, INPUT, webhook="https://us.invalid/hook?token=t", webhook_events_filter=["completed"]
        )
    golden.calls(made.id, "JOB")
    with golden("poll"):
        made.reload()
    until(lambda: client.predictions.get(made.id).status == "succeeded")
    with golden("cancel"):
        client.predictions.cancel(made.id)


def golden_by_version(sim: Sim, golden: Golden) -> None:
    with golden("submit"):
        _client(sim).predictions.create(version=VERSION, input=INPUT)


def golden_by_deployment(sim: Sim, golden: Golden) -> None:
    with golden("submit"):
        _client(sim).deployments.predictions.create("us/fast-video", INPUT)

from fractions import Fraction
from typing import Any

import orjson
import pytest
from providers.adapter import adapter
from providers.errors import WebhookError
from providers.http import HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import (
    Accepted,
    BadCredentials,
    CancelAccepted,
    Cancelled,
    CancelRefused,
    Failed,
    Gone,
    InvalidInput,
    Moderated,
    OutOfQuota,
    Output,
    Progress,
    Succeeded,
    Throttled,
    Unknown,
    Usage,
)

BASE = "https://api.replicate.com/v1"
REPLICATE = adapter("replicate")
VERSION = "5c7d5dc6dd8bf75c1acaa8565735e7986bc5b66206b55cca93cb72c9bf15ccaa"
FILE = "https://replicate.delivery/x/out.mp4"
SECRET = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
NOW = 1_750_000_000
VECTOR = (
    b'{"id":"evt_1","object":"event","created_at":1750000000,"type":"video.completed",'
    b'"data":{"id":"video_1"}}'
)
SIGNED = {
    "webhook-id": "wh_1",
    "webhook-timestamp": str(NOW),
    "webhook-signature": "v1,eCfJuiN3wDFiRlhN09xkp5vjlgFzUBADkVCyUcxgC+M=",
}


def answer(status: int, body: Any, **headers: str) -> HttpResponse:
    return HttpResponse(status, headers, body if isinstance(body, bytes) else orjson.dumps(body))


def prediction(status: str, **members: Any) -> dict[str, Any]:
    return {"id": "p1", "model": "a/b", "version": "v", "status": status, **members}


def problem(status: int, detail: str, title: str = "t", **members: Any) -> HttpResponse:
    return answer(status, {"title": title, "detail": detail, "status": status, **members})


@pytest.mark.parametrize(
    ("model", "path", "named"),
    [
        ("wan-video/wan-2.2-t2v-fast", "/models/wan-video/wan-2.2-t2v-fast/predictions", {}),
        (f"lucataco/hunyuan:{VERSION}", "/predictions", {"version": VERSION}),
        ("deployments/us/fast", "/deployments/us/fast/predictions", {}),
    ],
)
def test_a_prediction_is_made_by_version_by_official_model_or_by_deployment(
    model: str, path: str, named: dict[str, str], credential: Credential
) -> None:
    given = Submission(
        model, {"prompt": "p", "seed": 1}, "corr", options={"go_fast": True}, template={"prompt": "{prompt}"}
    )
    request = REPLICATE.submit(BASE, credential, given)
    assert request.url == BASE + path
    assert orjson.loads(request.body) == {**named, "input": {"go_fast": True, "prompt": "p"}}


def test_only_the_end_is_to_be_called_back_and_nothing_asks_to_wait(credential: Credential) -> None:
    request = REPLICATE.submit(
        BASE, credential, Submission("a/b", {"prompt": "p"}, "corr", "https://us/hook")
    )
    body = orjson.loads(request.body)
    assert (body["webhook"], body["webhook_events_filter"]) == ("https://us/hook", ["completed"])
    assert "Prefer" not in request.headers


@pytest.mark.parametrize("status", ["starting", "processing", "succeeded", "failed"])
def test_whatever_a_new_prediction_is_it_is_accepted(status: str) -> None:
    assert REPLICATE.parse_submit(answer(201, prediction(status))) == Accepted("p1")


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (problem(401, "You did not pass a valid authentication token"), BadCredentials),
        (problem(402, "You have insufficient credit to run this model.", "Insufficient credit"), OutOfQuota),
        (problem(403, "no"), BadCredentials),
        (problem(404, "The requested resource could not be found."), Failed),
        (problem(422, "- input.prompt: required", "Input validation failed"), InvalidInput),
        (problem(422, "The specified version does not exist", "Invalid version or not permitted"), Failed),
        (problem(429, "Request was throttled. Expected available in 3 second(s)."), Throttled),
        (problem(408, "t"), Unknown),
        (problem(409, "t"), Unknown),
        (problem(500, "t"), Unknown),
        (answer(503, b"<html>"), Unknown),
        (answer(201, b""), Unknown),
        (answer(201, {"status": "starting"}), Unknown),
        (answer(302, b""), Unknown),
    ],
)
def test_a_refused_submit_is_definite_only_where_nothing_can_run(response: HttpResponse, kind: type) -> None:
    assert isinstance(REPLICATE.parse_submit(response), kind)


def test_the_field_at_fault_and_the_wait_are_read_out_of_the_problem() -> None:
    fields = [{"type": "required", "field": "input.prompt", "description": "prompt is required"}]
    refused = REPLICATE.parse_submit(problem(422, "- input: prompt is required", invalid_fields=fields))
    assert refused == InvalidInput("- input: prompt is required", "prompt")
    words = "Request was throttled. Expected available in 3 second(s)."
    assert REPLICATE.parse_submit(problem(429, words)) == Throttled(3.0)
    told = answer(429, {"detail": words}, **{"retry-after": "9"})
    assert REPLICATE.parse_submit(told) == Throttled(9.0)


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (prediction("starting"), Progress("queued")),
        (prediction("processing", logs=""), Progress("running")),
        (prediction("processing", logs=" 10%|# | 1/10\n 40%|#### | 4/10\nx"), Progress("running", 40)),
        (prediction("canceled"), Cancelled()),
        (prediction("failed", error="boom"), Failed("failed", "boom")),
        (prediction("failed", error="please retry (code: PA)"), Failed("PA", "please retry (code: PA)")),
        (prediction("failed", error="out of memory (E1001)"), Failed("E1001", "out of memory (E1001)")),
        (prediction("failed", error="weights: download url"), Failed("failed", "weights: download url")),
    ],
)  # fmt: skip
def test_a_predictions_status_is_read(body: Any, outcome: Any) -> None:
    assert REPLICATE.parse_poll(answer(200, body)) == outcome


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (prediction("failed", error=None), Failed),
        (prediction("succeeded", output=None), Failed),
        (prediction("succeeded", output=None, data_removed=True), Gone),
    ],
)
def test_an_end_without_a_word_or_a_file_is_told_apart_from_one_that_was_removed(
    body: Any, kind: type
) -> None:
    assert isinstance(REPLICATE.parse_poll(answer(200, body)), kind)


def test_a_prediction_that_is_aborted_failed_before_it_began() -> None:
    found = REPLICATE.parse_poll(answer(200, prediction("aborted")))
    assert isinstance(found, Failed)
    assert found.code == "aborted"


@pytest.mark.parametrize(
    "error",
    [
        "The input or output was flagged as sensitive. Please try again with different inputs. (E005) (x)",
        "NSFW content detected. Try running it again, or try a different prompt.",
    ],
)
def test_moderation_is_a_failed_prediction_whose_words_say_so(error: str) -> None:
    assert REPLICATE.parse_poll(answer(200, prediction("failed", error=error))) == Moderated(error)


def test_an_input_that_could_not_be_had_is_the_customers() -> None:
    words = "Could not download image from url https://host/a.png"
    found = REPLICATE.parse_poll(answer(200, prediction("failed", error=words)))
    assert found == InvalidInput(words, None, "input_unreachable")


@pytest.mark.parametrize(
    "output",
    [FILE, [FILE], {"video": FILE}, {"result": {"file": [FILE]}}],
    ids=["string", "list", "object", "deep"],
)
def test_an_output_is_found_in_a_string_a_list_or_an_object(output: Any) -> None:
    body = prediction("succeeded", output=output, metrics={"predict_time": 4.157})
    usage = Usage(compute_seconds=Fraction("4.157"))
    assert REPLICATE.parse_poll(answer(200, body)) == Succeeded((Output("video", None, FILE),), usage)


def test_an_output_written_as_a_data_uri_is_its_bytes() -> None:
    body = prediction("succeeded", output="data:image/png;base64,aGVsbG8=")
    found = REPLICATE.parse_poll(answer(200, body))
    assert isinstance(found, Succeeded)
    assert found.outputs == (Output("image", None, "", "image/png", content=b"hello"),)


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (problem(404, "not found"), Gone),
        (problem(401, "no"), BadCredentials),
        (problem(402, "no"), OutOfQuota),
        (problem(429, "no"), Throttled),
        (problem(502, "no"), Unknown),
        (answer(200, b"<html>"), Unknown),
        (answer(200, {"status": "resting"}), Unknown),
    ],
)
def test_a_poll_that_gets_no_prediction_says_nothing_of_the_job(response: HttpResponse, kind: type) -> None:
    assert isinstance(REPLICATE.parse_poll(response), kind)


def test_a_cancel_that_comes_too_late_is_refused(credential: Credential) -> None:
    request = REPLICATE.cancel(BASE, credential, "p1")
    assert request is not None
    assert (request.method, request.url) == ("POST", f"{BASE}/predictions/p1/cancel")
    assert REPLICATE.parse_cancel(answer(200, prediction("canceled"))) == CancelAccepted()
    assert REPLICATE.parse_cancel(answer(200, prediction("processing"))) == CancelAccepted()
    late = REPLICATE.parse_cancel(answer(200, prediction("succeeded")))
    assert late == CancelRefused("the prediction is succeeded")
    assert isinstance(REPLICATE.parse_cancel(problem(404, "no")), Gone)


def test_the_key_goes_to_the_api_and_not_to_where_files_are_delivered(credential: Credential) -> None:
    assert REPLICATE.fetch(BASE, credential, FILE).headers == {}
    own = REPLICATE.fetch(BASE, credential, f"{BASE}/files/f1/download")
    assert own.headers == {"Authorization": "Bearer secret-key"}


def test_the_signature_of_the_documents_vector_is_proved() -> None:
    assert REPLICATE.prove_webhook(SIGNED, VECTOR, [SECRET], NOW + 300) == "signed"
    rotated = {**SIGNED, "webhook-signature": f"v1,AAAA v2,zz {SIGNED['webhook-signature']}"}
    assert REPLICATE.prove_webhook(rotated, VECTOR, ["whsec_b3RoZXI=", SECRET], NOW) == "signed"


@pytest.mark.parametrize(
    ("changed", "body", "now"),
    [
        ({}, VECTOR + b" ", NOW),
        ({}, VECTOR, NOW + 301),
        ({}, VECTOR, NOW - 301),
        ({"webhook-id": "wh_2"}, VECTOR, NOW),
        ({"webhook-timestamp": "soon"}, VECTOR, NOW),
        ({"webhook-signature": ""}, VECTOR, NOW),
        ({"webhook-signature": "v1,"}, VECTOR, NOW),
        ({"webhook-signature": "v1a,eCfJuiN3wDFiRlhN09xkp5vjlgFzUBADkVCyUcxgC+M="}, VECTOR, NOW),
    ],
)
def test_whatever_differs_from_what_was_signed_is_forged(
    changed: dict[str, str], body: bytes, now: int
) -> None:
    assert REPLICATE.prove_webhook({**SIGNED, **changed}, body, [SECRET], now) == "forged"


def test_without_a_key_nothing_is_proved() -> None:
    assert REPLICATE.prove_webhook(SIGNED, VECTOR, [], NOW) == "unsigned"


def test_a_webhook_names_the_prediction_and_whether_it_is_over() -> None:
    hint = REPLICATE.read_webhook({}, orjson.dumps(prediction("processing")))
    assert (hint.job_id, hint.final) == ("p1", False)
    assert REPLICATE.read_webhook({}, orjson.dumps(prediction("aborted"))).final
    with pytest.raises(WebhookError):
        REPLICATE.read_webhook({}, b"null")

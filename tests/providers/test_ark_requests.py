from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from providers.adapter import adapter
from providers.errors import WebhookError
from providers.http import HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import Progress, Succeeded
from providers.webhook import WebhookHint

BASE = "https://ark.example/api/v3/"
MODEL = "doubao-seedance-2-0-fast-260128"
ARK = adapter("ark")
DEFAULTS = {
    "size": "16:9",
    "duration": 5,
    "watermark": False,
    "resolution": "480p",
    "camera_fixed": False,
    "generate_audio": False,
    "return_last_frame": False,
}


def submit_body(credential: Credential, given: dict[str, Any], **more: Any) -> dict[str, Any]:
    submission = Submission(MODEL, {**DEFAULTS, **given}, "corr-1", **more)
    body: dict[str, Any] = orjson.loads(ARK.submit(BASE, credential, submission).body)
    return body


def test_a_text_submit_is_exactly_this_request(credential: Credential) -> None:
    given = {
        **DEFAULTS,
        "prompt": "A street after rain",
        "resolution": "720p",
        "generate_audio": True,
        "seed": 0,
    }
    request = ARK.submit(BASE, credential, Submission(MODEL, given, "corr-1", "https://cb.example/x?token=t"))
    assert (request.method, request.url) == ("POST", "https://ark.example/api/v3/contents/generations/tasks")
    assert request.headers == {"Authorization": "Bearer secret-key", "Content-Type": "application/json"}
    assert orjson.loads(request.body) == {
        "model": MODEL,
        "content": [{"type": "text", "text": "A street after rain"}],
        "ratio": "16:9",
        "resolution": "720p",
        "duration": 5,
        "seed": 0,
        "watermark": False,
        "camera_fixed": False,
        "generate_audio": True,
        "return_last_frame": False,
        "safety_identifier": "corr-1",
        "callback_url": "https://cb.example/x?token=t",
    }


def test_references_go_into_content_with_their_roles_in_the_given_order(credential: Credential) -> None:
    given = {
        "prompt": "p",
        "image_urls": ["https://i/1", "asset://a"],
        "video_urls": ["https://v/1"],
        "audio_urls": ["https://a/1"],
        "tools": [{"type": "web_search"}],
    }
    body = submit_body(credential, given)
    assert body["content"] == [
        {"type": "text", "text": "p"},
        {"type": "image_url", "image_url": {"url": "https://i/1"}, "role": "reference_image"},
        {"type": "image_url", "image_url": {"url": "asset://a"}, "role": "reference_image"},
        {"type": "video_url", "video_url": {"url": "https://v/1"}, "role": "reference_video"},
        {"type": "audio_url", "audio_url": {"url": "https://a/1"}, "role": "reference_audio"},
    ]
    assert body["tools"] == [{"type": "web_search"}]


def test_images_with_roles_keep_their_roles(credential: Credential) -> None:
    roles = [{"url": "https://i/1", "role": "first_frame"}, {"url": "https://i/2", "role": "last_frame"}]
    assert submit_body(credential, {"prompt": "p", "image_with_roles": roles})["content"][1:] == [
        {"type": "image_url", "image_url": {"url": "https://i/1"}, "role": "first_frame"},
        {"type": "image_url", "image_url": {"url": "https://i/2"}, "role": "last_frame"},
    ]


def test_no_callback_url_and_no_seed_are_sent_where_none_is_given(credential: Credential) -> None:
    assert not {"callback_url", "seed", "tools"} & submit_body(credential, {"prompt": "p"}).keys()


def test_what_the_input_says_wins_over_the_routes_options(credential: Credential) -> None:
    options = {"service_tier": "flex", "duration": 12, "safety_identifier": "theirs"}
    body = submit_body(credential, {"prompt": "p"}, options=options)
    assert (body["service_tier"], body["duration"], body["safety_identifier"]) == ("flex", 5, "corr-1")


def test_poll_and_cancel_name_the_task_and_nothing_else(credential: Credential) -> None:
    tasks = "https://ark.example/api/v3/contents/generations/tasks"
    poll, cancel = ARK.poll(BASE, credential, "cgt-1"), ARK.cancel(BASE, credential, "cgt/../1?x")
    assert (poll.method, poll.url, poll.body) == ("GET", f"{tasks}/cgt-1", b"")
    assert cancel is not None
    assert (cancel.method, cancel.url) == ("DELETE", f"{tasks}/cgt%2F..%2F1%3Fx")
    assert poll.headers == cancel.headers == {"Authorization": "Bearer secret-key"}


def test_a_lookup_asks_for_a_page_of_the_models_tasks(credential: Credential) -> None:
    request = ARK.lookup(BASE, credential, MODEL, 1_750_000_000, 2)
    assert request is not None
    query = parse_qs(urlsplit(request.url).query)
    assert query == {"page_num": ["2"], "page_size": ["100"], "filter.model": [MODEL]}


def test_outputs_are_fetched_without_the_key(credential: Credential) -> None:
    request = ARK.fetch(BASE, credential, "https://ark.example/out.mp4?signature=1")
    assert (request.url, request.headers) == ("https://ark.example/out.mp4?signature=1", {})


@pytest.mark.parametrize("status", ["queued", "running"])
def test_a_webhook_of_an_unfinished_task_is_no_final_news(status: str) -> None:
    body = orjson.dumps({"id": "cgt-1", "status": status})
    assert ARK.read_webhook({}, body) == WebhookHint("cgt-1", final=False)


@pytest.mark.parametrize(
    "status", ["succeeded", "failed", "expired", "cancelled", "novel", None, 7, ["queued"]]
)
def test_any_other_webhook_may_be_final(status: object) -> None:
    body = orjson.dumps({"id": "cgt-1", "status": status})
    assert ARK.read_webhook({}, body) == WebhookHint("cgt-1", final=True)


def test_a_webhook_without_a_usable_id_still_says_that_there_is_news() -> None:
    assert ARK.read_webhook({}, b'{"id": "a\\u0000b"}') == WebhookHint(None, final=True)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"x"', b"{", b"\xff\xfe", b"<html>"])
def test_a_webhook_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(WebhookError) as caught:
        ARK.read_webhook({}, body)
    assert caught.value.code == "invalid_body"


@pytest.mark.parametrize(
    ("model", "roles"),
    [
        ("doubao-seedance-1-5-pro-251215", ["first_frame", "last_frame"]),
        ("doubao-seedance-1-0-pro-250528", ["first_frame", "last_frame"]),
        ("doubao-seedance-2-0-260128", ["reference_image", "reference_image"]),
    ],
)
def test_images_are_frames_for_a_series_without_references(
    credential: Credential, model: str, roles: list[str]
) -> None:
    given = {"prompt": "p", "image_urls": ["https://i/1", "https://i/2"], "aspect_ratio": "9:16"}
    body = orjson.loads(ARK.submit(BASE, credential, Submission(model, given, "corr-1")).body)
    assert [part["role"] for part in body["content"][1:]] == roles
    assert body["ratio"] == "9:16"


def test_many_tasks_are_one_question(credential: Credential) -> None:
    request = ARK.poll_many(BASE, credential, ["cgt-1", "cgt-2"])
    assert request is not None
    address, query = request.url.split("?")
    assert address == f"{BASE}contents/generations/tasks"
    assert query == "page_num=1&page_size=2&filter.task_ids=cgt-1&filter.task_ids=cgt-2"


def test_an_answer_about_many_tasks_tells_of_those_that_it_names() -> None:
    items = [
        {"id": "cgt-1", "status": "running"},
        {"id": "cgt-2", "status": "succeeded", "content": {"video_url": "https://v/1"}},
        {"status": "succeeded"},
        None,
    ]
    told = ARK.parse_poll_many(HttpResponse(200, {}, orjson.dumps({"total": 4, "items": items})))
    assert told["cgt-1"] == Progress("running")
    assert isinstance(told["cgt-2"], Succeeded)
    assert len(told) == 2
    assert ARK.parse_poll_many(HttpResponse(429, {}, orjson.dumps({"items": items}))) == {}

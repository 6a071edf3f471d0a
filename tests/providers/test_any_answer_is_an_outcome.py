from contextlib import suppress
from dataclasses import replace
from typing import Any, get_args

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from providers.adapter import adapter, protocols
from providers.errors import UnknownProtocolError, WebhookError
from providers.http import HttpResponse
from providers.outcomes import (
    CancelOutcome,
    LookupOutcome,
    PollAnswer,
    PollOutcome,
    PrepareOutcome,
    SignInOutcome,
    SubmitOutcome,
)

NAMES = """
    id name output task_id task_status status content video_url last_frame_url error code message
    details reason violations quotaId retryDelay usage duration size completion_tokens resolution
    ratio framespersecond items total created_at safety_identifier done response
    generateVideoResponse generatedSamples video uri raiMediaFilteredCount raiMediaFilteredReasons
    queue_running queue_pending prompt_id prompt node_errors class_type errors type extra_info outputs
    images gifs filename subfolder status_str messages execution_error execution_interrupted client_id
    timestamp success a.mp4
    detail loc msg generations has_more request callback_url assets image state completed failure_reason
    dreaming progress failure failureCode SAFETY.INPUT.TEXT issues path RUNNING
    steps type model_output video text errors modality tokens output_tokens_by_modality
    total_output_tokens videos gcsUri bytesBase64Encoded mimeType encodedVideo completed gs://b/o bXA0
    access_token expires_in error_description video_duration
    data b64_json url revised_prompt choices finish_reason refusal content_filter text segments usage seconds
    total_tokens metadata progress video_url completed in_progress queued type param video.completed 30% AA==
    request_id status_url error_type COMPLETED IN_QUEUE has_nsfw_concepts url text chunks segments start
    end logs data_removed metrics predict_time processing aborted invalid_fields field keys x
    https://a/b/requests/c/status
    SUCCEEDED FAILED succeeded failed https://a/b https://[x 1e400 22s API_KEY_INVALID
"""
WORDS = st.sampled_from(NAMES.split())
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | WORDS
    | st.text()
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=6),
    max_leaves=25,
)
STATUSES = st.sampled_from([200, 201, 204, 302, 400, 401, 403, 404, 408, 409, 429, 500, 503]) | st.integers(
    100, 599
)
HEADERS = st.dictionaries(st.just("retry-after"), st.text())


def answer(status: int, body: Any, **headers: str) -> HttpResponse:
    return HttpResponse(status, headers, body if isinstance(body, bytes) else orjson.dumps(body))


def every_reading(protocol: str, status: int, headers: dict[str, str], body: bytes) -> None:
    spoken = adapter(protocol)
    response = answer(status, body, **headers)
    assert isinstance(spoken.parse_submit(response), get_args(SubmitOutcome))
    asked = "http://h/queue?prompt_id=id", "http://h/history/id"
    for step in ("", "result", "failed:runner_error", "history"):
        for url in ("", *asked):
            assert isinstance(spoken.parse_poll(replace(response, url=url), step), get_args(PollAnswer))
    for state in spoken.parse_poll_many(response).values():
        assert isinstance(state, get_args(PollOutcome))
    assert isinstance(spoken.parse_prepare(response), get_args(PrepareOutcome))
    assert isinstance(spoken.parse_sign_in(response), get_args(SignInOutcome))
    assert spoken.prove_webhook(headers, body, ["whsec_key"], 1_750_000_000) != "signed"
    assert isinstance(spoken.parse_cancel(response), get_args(CancelOutcome))
    assert isinstance(spoken.parse_lookup(response, "corr", 1_750_000_000), get_args(LookupOutcome))
    with suppress(WebhookError):
        spoken.read_webhook(headers, body)


@pytest.mark.parametrize("protocol", protocols())
@given(status=STATUSES, headers=HEADERS, body=st.binary(max_size=300))
def test_any_bytes_are_an_outcome(protocol: str, status: int, headers: dict[str, str], body: bytes) -> None:
    every_reading(protocol, status, headers, body)


@pytest.mark.parametrize("protocol", protocols())
@given(status=STATUSES, headers=HEADERS, value=JSON)
def test_any_json_is_an_outcome(protocol: str, status: int, headers: dict[str, str], value: Any) -> None:
    every_reading(protocol, status, headers, orjson.dumps(value))


@pytest.mark.parametrize("protocol", protocols())
@given(status=STATUSES, cut=st.integers(0, 300))
def test_any_truncated_body_is_an_outcome(protocol: str, status: int, cut: int) -> None:
    whole = orjson.dumps(
        {"id": "a", "name": "b", "output": {"task_id": "c", "task_status": "SUCCEEDED"}, "done": True}
    )
    every_reading(protocol, status, {}, whole[:cut])


@pytest.mark.parametrize("protocol", protocols())
def test_nesting_without_end_is_an_outcome(protocol: str) -> None:
    every_reading(protocol, 200, {}, b'{"error":' * 5000 + b"1" + b"}" * 5000)


def test_messages_are_one_short_line() -> None:
    body = {"error": {"code": "InvalidParameter", "message": "a\x00b\n" + "c" * 9000}}
    found = adapter("ark").parse_submit(answer(400, body))
    assert found.message == "a b " + "c" * 496  # type: ignore[union-attr]


def test_an_unknown_protocol_is_named() -> None:
    with pytest.raises(UnknownProtocolError, match="smoke-signals"):
        adapter("smoke-signals")


def test_a_secret_does_not_show() -> None:
    from providers.job import Credential

    assert "hush" not in repr(Credential("c", "hush"))

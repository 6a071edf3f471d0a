"""What ComfyUI is asked, and what its answers mean; the shapes are those of its own sources."""

import json
from typing import Any

import orjson
import pytest
from providers.adapter import adapter
from providers.errors import ProviderError
from providers.http import HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import (
    Absent,
    Accepted,
    AskNext,
    BadCredentials,
    CancelAccepted,
    Cancelled,
    Failed,
    Found,
    Gone,
    InvalidInput,
    NextPage,
    OutOfQuota,
    Output,
    Prepared,
    Progress,
    Succeeded,
    Throttled,
    Unknown,
    Usage,
)
from providers.protocols.comfyui import LOOKED_THROUGH, prompt_id

COMFY = adapter("comfyui")
BASE = "http://gpu:8188"
OPEN, LOCKED = Credential("c", ""), Credential("c", "secret")
IMAGE = "https://host.invalid/i.png"
TEMPLATE = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "{image_urls|first}"}},
    "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "{prompt}", "clip": ["9", 1]}},
}
GIVEN = {"prompt": IMAGE, "image_urls": [IMAGE], "video_url": "https://host.invalid/unused.mp4"}
NOON = 1_763_726_400


def answer(status: int, body: Any, url: str = "") -> HttpResponse:
    return HttpResponse(status, {"retry-after": "4"}, orjson.dumps(body), url)


def ready(**fetched: bytes) -> Submission:
    files = {IMAGE: ("image/png", fetched.get("image", b"pixels"))}
    return Submission("wf", GIVEN, "corr", template=TEMPLATE, fetched=files)


def queue(running: tuple[str, ...] = (), pending: tuple[str, ...] = (), asked: str = "job") -> HttpResponse:
    lists = {"queue_running": running, "queue_pending": pending}
    body = {name: [[0, job, {}, {"client_id": "x"}, ["7"]] for job in jobs] for name, jobs in lists.items()}
    return answer(200, body, f"{BASE}/queue?prompt_id={asked}")


def history(entry: dict[str, Any] | None) -> Any:
    body = {} if entry is None else {"job": entry}
    return COMFY.parse_poll(answer(200, body, f"{BASE}/history/job"), "history")


def node_error(kind: str, name: str = "width") -> dict[str, Any]:
    fault = {"type": kind, "message": "Bad value", "details": name, "extra_info": {"input_name": name}}
    return {"4": {"errors": [fault], "dependent_outputs": ["7"], "class_type": "EmptyLatentImage"}}


def test_only_the_files_that_the_template_names_are_fetched() -> None:
    assert COMFY.inputs_to_fetch(ready()) == (IMAGE,)


def test_files_are_uploaded_first_and_the_graph_names_them() -> None:
    (upload,) = COMFY.prepare(BASE, LOCKED, ready())
    assert (upload.method, upload.url) == ("POST", f"{BASE}/upload/image")
    assert upload.headers["Authorization"] == "Bearer secret"
    assert b"pixels" in upload.body
    assert b'name="overwrite"\r\n\r\ntrue' in upload.body
    graph = json.loads(COMFY.submit(BASE, LOCKED, ready()).body)["prompt"]
    folder, _, name = graph["1"]["inputs"]["image"].partition("/")
    assert folder == "framebus"
    assert f'filename="{name}"'.encode() in upload.body


def test_a_prompt_that_is_the_address_of_a_file_is_still_a_prompt() -> None:
    given = {"prompt": "https://host.invalid/other.png", "image_urls": [IMAGE]}
    submission = Submission("wf", given, "corr", template=TEMPLATE, fetched=ready().fetched)
    graph = json.loads(COMFY.submit(BASE, OPEN, submission).body)["prompt"]
    assert graph["2"]["inputs"]["text"] == "https://host.invalid/other.png"


def test_the_same_file_has_the_same_name_and_another_has_another() -> None:
    names = [COMFY.submit(BASE, OPEN, ready(image=each)).body for each in (b"a", b"a", b"b")]
    assert names[0] == names[1] != names[2]


def test_an_inline_file_is_uploaded_without_being_fetched() -> None:
    given = {"prompt": "p", "image_urls": ["data:image/png;base64,cGl4ZWxz"]}
    submission = Submission("wf", given, "corr", template=TEMPLATE)
    assert COMFY.inputs_to_fetch(submission) == ()
    assert b"pixels" in COMFY.prepare(BASE, OPEN, submission)[0].body


def test_a_file_that_was_not_fetched_is_named_before_anything_is_sent() -> None:
    with pytest.raises(ProviderError, match="not fetched"):
        COMFY.prepare(BASE, OPEN, Submission("wf", GIVEN, "corr", template=TEMPLATE))


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, {"name": "a.png", "subfolder": "framebus", "type": "input"}, Prepared()),
        (413, "too large", InvalidInput("HTTP 413 with 11 unusable bytes")),
        (401, "", BadCredentials("HTTP 401 with 2 unusable bytes")),
        (500, "", Unknown("HTTP 500 with 2 unusable bytes")),
        (200, {}, Unknown("HTTP 200 with 2 unusable bytes")),
    ],
)
def test_an_upload_worked_or_says_whose_matter_it_is(status: int, body: Any, outcome: Any) -> None:
    assert COMFY.parse_prepare(answer(status, body)) == outcome


def test_without_a_secret_nothing_is_signed_and_the_id_follows_from_the_correlation() -> None:
    request = COMFY.submit(BASE, OPEN, ready())
    body = json.loads(request.body)
    assert "Authorization" not in request.headers
    assert body["prompt_id"] == prompt_id("corr") == prompt_id("corr").lower() != prompt_id("corr2")
    assert body["client_id"] == "corr"


def test_a_200_with_node_errors_is_a_failure() -> None:
    accepted = {"prompt_id": "job", "number": 1, "node_errors": {}}
    assert COMFY.parse_submit(answer(200, accepted)) == Accepted("job")
    wrong = {**accepted, "node_errors": node_error("value_not_in_list", "ckpt_name")}
    found = COMFY.parse_submit(answer(200, wrong))
    assert found == Failed("value_not_in_list", "EmptyLatentImage: Bad value (ckpt_name)")


def test_a_200_without_an_id_may_run() -> None:
    assert isinstance(COMFY.parse_submit(answer(200, {"node_errors": {}})), Unknown)


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("value_bigger_than_max", InvalidInput("EmptyLatentImage: Bad value (width)", "width")),
        ("required_input_missing", Failed("required_input_missing", "EmptyLatentImage: Bad value (width)")),
        ("value_not_in_list", Failed("value_not_in_list", "EmptyLatentImage: Bad value (width)")),
    ],
)
def test_a_value_out_of_range_is_the_inputs_fault_and_a_missing_model_the_servers(
    kind: str, outcome: Any
) -> None:
    error = {"type": "prompt_outputs_failed_validation", "message": "failed", "details": "", "extra_info": {}}
    body = {"error": error, "node_errors": node_error(kind)}
    assert COMFY.parse_submit(answer(400, body)) == outcome


@pytest.mark.parametrize(
    "kind", ["invalid_prompt", "missing_node_type", "prompt_no_outputs", "invalid_prompt_id"]
)
def test_a_graph_that_this_server_cannot_run_may_run_elsewhere(kind: str) -> None:
    error = {"type": kind, "message": "No", "details": "Node ID '#1'", "extra_info": {}}
    found = COMFY.parse_submit(answer(400, {"error": error, "node_errors": {}}))
    assert found == Failed(kind, "No (Node ID '#1')")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, BadCredentials), (403, BadCredentials), (402, OutOfQuota), (429, Throttled), (502, Unknown)],
)
def test_a_proxy_in_front_is_understood(status: int, kind: type) -> None:
    assert isinstance(COMFY.parse_submit(answer(status, "")), kind)
    assert isinstance(COMFY.parse_poll(answer(status, "")), kind)


def test_the_queue_is_read_before_the_history() -> None:
    assert COMFY.poll(BASE, OPEN, "job").url == f"{BASE}/queue?prompt_id=job"
    assert COMFY.parse_poll(queue(pending=("job",))) == Progress("queued")
    assert COMFY.parse_poll(queue(running=("job",), pending=("a",))) == Progress("running")
    assert COMFY.parse_poll(queue(running=("a",))) == AskNext("history")
    assert COMFY.poll(BASE, OPEN, "job", "history").url == f"{BASE}/history/job"


def test_a_job_in_neither_queue_nor_history_is_lost() -> None:
    assert isinstance(history(None), Gone)


def test_an_answer_that_is_no_queue_loses_nothing() -> None:
    assert isinstance(COMFY.parse_poll(answer(200, {}, f"{BASE}/queue?prompt_id=job")), Unknown)
    assert isinstance(COMFY.parse_poll(queue(asked="")), Unknown)


def test_one_answer_tells_of_every_job_in_the_queue() -> None:
    told = COMFY.parse_poll_many(queue(running=("a",), pending=("b",)))
    assert told == {"a": Progress("running"), "b": Progress("queued")}


def test_files_of_every_list_are_results_and_previews_only_without_them() -> None:
    saved = {"filename": "v_00001_.mp4", "subfolder": "video", "type": "output"}
    preview = {"filename": "p.png", "subfolder": "", "type": "temp"}
    status = {"status_str": "success", "completed": True, "messages": []}
    outputs = {"7": {"images": [preview]}, "8": {"gifs": [saved], "animated": [True]}}
    url = f"{BASE}/view?filename=v_00001_.mp4&subfolder=video&type=output"
    video = Output("video", None, url, authenticated=True)
    assert history({"outputs": outputs, "status": status}) == Succeeded((video,), Usage())
    found = history({"outputs": {"7": outputs["7"]}, "status": status})
    assert [each.kind for each in found.outputs] == ["image"]
    assert history({"outputs": {}, "status": status}) == Failed(
        "no_output", "the workflow ended without a file that can be stored"
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.glb", "mesh"), ("a.flac", "audio"), ("a.webp", "image"), ("a.srt", "subtitle"), ("a.MP4", "video")],
)
def test_a_file_is_what_its_name_says(name: str, kind: str) -> None:
    entry = {"outputs": {"1": {"files": [{"filename": name}]}}, "status": {"status_str": "success"}}
    assert [each.kind for each in history(entry).outputs] == [kind]


def test_an_error_and_an_interruption_are_told_apart() -> None:
    fault = {"exception_type": "OutOfMemoryError", "exception_message": "no room", "node_type": "KSampler"}
    messages: list[Any] = [["execution_start", {}], ["execution_error", fault]]
    entry = {"outputs": {}, "status": {"status_str": "error", "messages": messages}}
    assert history(entry) == Failed("OutOfMemoryError", "KSampler: no room")
    messages[1] = ["execution_interrupted", {}]
    assert history(entry) == Cancelled()


def test_a_cancel_takes_a_job_out_of_the_queue_and_never_interrupts() -> None:
    request = COMFY.cancel(BASE, OPEN, "job")
    assert request is not None
    assert (request.url, json.loads(request.body)) == (f"{BASE}/queue", {"delete": ["job"]})
    assert COMFY.parse_cancel(HttpResponse(200, {}, b"")) == CancelAccepted()
    assert not COMFY.capabilities.cancel_running


def finished(count: int, at: int) -> HttpResponse:
    message = ["execution_success", {"timestamp": at * 1000}]
    status = {"status_str": "success", "messages": [message]}
    entries = {f"j{n}": {"prompt": [n, f"j{n}", {}, {}, []], "status": status} for n in range(count)}
    return answer(200, entries)


def test_a_lost_submit_is_found_in_the_queue_or_the_history() -> None:
    assert COMFY.parse_lookup(queue(pending=(prompt_id("corr"),)), "corr", NOON) == Found(prompt_id("corr"))
    assert COMFY.parse_lookup(queue(pending=("a",)), "x", NOON) == Found("a")  # an old server chose the id
    assert COMFY.parse_lookup(queue(pending=("a",)), "corr", NOON) == NextPage()
    assert COMFY.parse_lookup(finished(3, NOON), "corr", NOON) == Absent()


def test_a_full_history_proves_absence_only_when_it_reaches_back() -> None:
    assert isinstance(COMFY.parse_lookup(finished(LOOKED_THROUGH, NOON), "corr", NOON), Unknown)
    assert COMFY.parse_lookup(finished(LOOKED_THROUGH, NOON - 120), "corr", NOON) == Absent()


def test_a_secret_goes_to_its_own_server_only() -> None:
    assert COMFY.fetch(BASE, LOCKED, f"{BASE}/view?filename=a").headers == {"Authorization": "Bearer secret"}
    assert COMFY.fetch(BASE, LOCKED, "http://elsewhere/view").headers == {}
    assert COMFY.fetch(BASE, OPEN, f"{BASE}/view?filename=a").headers == {}

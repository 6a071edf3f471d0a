import base64
from typing import Any

import pytest


def data_uri(data: bytes, mime: str = "image/jpeg") -> str:
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


async def test_an_ark_task_goes_from_queued_to_succeeded_with_every_documented_field(sim: Any) -> None:
    submitted = await sim.ark(
        ratio="9:16", seed=7, generate_audio=False, safety_identifier="task-1", tools=None
    )
    assert submitted.json() == {"id": submitted.json()["id"], "safety_identifier": "task-1"}
    early = await sim.get(f"/ark/api/v3/contents/generations/tasks/{submitted.json()['id']}")
    assert early["status"] in ("queued", "running")
    assert "content" not in early
    task = await sim.ark_done(submitted)
    assert task["status"] == "succeeded"
    assert task["error"] is None
    assert (task["seed"], task["resolution"], task["ratio"], task["duration"]) == (7, "480p", "9:16", 4)
    assert (task["framespersecond"], task["generate_audio"], task["safety_identifier"]) == (
        24,
        False,
        "task-1",
    )
    assert task["usage"]["completion_tokens"] == 496 * 864 * 24 * 4 // 1024
    assert isinstance(task["created_at"], int)
    video = await sim.video(task["content"]["video_url"])
    assert (video.width, video.height, video.frames, video.seconds) == (496, 864, 96, 4.0)
    assert video.codecs == ["h264"]


async def test_a_wan_task_goes_from_pending_to_succeeded_with_usage(sim: Any) -> None:
    submitted = await sim.wan(audio=True)
    assert submitted.json()["output"]["task_status"] == "PENDING"
    task = await sim.wan_done(submitted)
    output = task["output"]
    assert output["task_status"] == "SUCCEEDED"
    assert output["orig_prompt"] == "a street"
    assert output["submit_time"] <= output["scheduled_time"] <= output["end_time"]
    assert task["usage"] == {
        "duration": 2,
        "input_video_duration": 0,
        "output_video_duration": 2,
        "video_count": 1,
        "size": "1280*720",
        "SR": 720,
        "audio": True,
    }
    video = await sim.video(output["video_url"])
    assert (video.width, video.height, video.frames) == (1280, 720, 48)
    assert video.codecs == ["h264", "aac"]
    assert video.seconds == pytest.approx(2.0, abs=0.001)


async def test_a_veo_operation_becomes_done_and_its_file_needs_the_key(sim: Any) -> None:
    submitted = await sim.veo(durationSeconds="4", aspectRatio="9:16")
    name = submitted.json()["name"]
    assert name.startswith("models/veo-3.1-generate-preview/operations/")
    assert await sim.get(f"/gemini/v1beta/{name}") == {"name": name}
    operation = await sim.veo_done(submitted)
    (sample,) = operation["response"]["generateVideoResponse"]["generatedSamples"]
    uri = sample["video"]["uri"]
    assert uri.endswith(":download?alt=media")
    video = await sim.video(uri)
    assert (video.width, video.height, video.frames, video.codecs) == (720, 1280, 96, ["h264", "aac"])
    assert (await sim.http.get(uri, headers={"x-goog-api-key": ""})).status_code == 403


async def test_veo_files_can_look_like_googles_for_the_official_sdk(sim: Any) -> None:
    await sim.set(gemini_https_uris=True, render="cached")
    operation = await sim.veo_done(await sim.veo())
    uri = operation["response"]["generateVideoResponse"]["generatedSamples"][0]["video"]["uri"]
    host, _, path = uri.partition("/v1beta/")
    assert host == "https://generativelanguage.googleapis.com"
    assert (await sim.http.get(f"/gemini/v1beta/{path}")).content[4:8] == b"ftyp"


@pytest.mark.parametrize(
    ("marker", "ark", "wan"),
    [
        ("[sim:fail]", "InternalServiceError", "InternalError.Algo"),
        ("[sim:moderated]", "OutputVideoSensitiveContentDetected", "DataInspectionFailed"),
    ],
)
async def test_a_marker_in_the_prompt_decides_how_a_job_ends(
    sim: Any, marker: str, ark: str, wan: str
) -> None:
    task = await sim.ark_done(await sim.ark(f"a street {marker}"))
    assert (task["status"], task["error"]["code"], "usage" in task) == ("failed", ark, False)
    output = (await sim.wan_done(await sim.wan(f"a street {marker}")))["output"]
    assert (output["task_status"], output["code"]) == ("FAILED", wan)
    assert "video_url" not in output


async def test_veo_reports_failure_as_an_error_and_moderation_as_an_empty_response(sim: Any) -> None:
    failed = await sim.veo_done(await sim.veo("a [sim:fail]"))
    assert failed["error"]["code"] == 13
    moderated = await sim.veo_done(await sim.veo("a [sim:moderated]"))
    assert "error" not in moderated
    assert moderated["response"]["generateVideoResponse"]["raiMediaFilteredCount"] == 1
    assert "generatedSamples" not in moderated["response"]["generateVideoResponse"]


async def test_a_queued_task_can_be_cancelled_and_a_running_one_can_not(sim: Any) -> None:
    queued = (await sim.ark("wait [sim:queued]")).json()["id"]
    path = f"/ark/api/v3/contents/generations/tasks/{queued}"
    assert (await sim.get(path))["status"] == "queued"
    assert (await sim.http.delete(path)).json() == {}
    assert (await sim.get(path))["status"] == "cancelled"
    assert (await sim.http.delete(path)).status_code == 409
    await sim.set(delay_seconds=20)
    await sim.set(ark={"delay_seconds": 0})
    await sim.set(ark={"never_final_next": 1})
    running = (await sim.ark("run")).json()["id"]
    path = f"/ark/api/v3/contents/generations/tasks/{running}"
    await sim.until(path, lambda task: task["status"] == "running")
    refused = await sim.http.delete(path)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "TaskRunningCannotCancel")


async def test_deleting_a_finished_ark_task_removes_its_record_but_not_the_log(sim: Any) -> None:
    task = await sim.ark_done(await sim.ark("[sim:fail]"))
    path = f"/ark/api/v3/contents/generations/tasks/{task['id']}"
    assert (await sim.http.delete(path)).json() == {}
    assert (await sim.http.get(path)).status_code == 404
    assert [job["id"] for job in await sim.log("ark")] == [task["id"]]


async def test_wan_cancels_only_pending_tasks(sim: Any) -> None:
    task_id = (await sim.wan("[sim:queued]")).json()["output"]["task_id"]
    cancel = f"/dashscope/api/v1/tasks/{task_id}/cancel"
    assert (await sim.http.post(cancel)).status_code == 200
    assert (await sim.get(f"/dashscope/api/v1/tasks/{task_id}"))["output"]["task_status"] == "CANCELED"
    again = await sim.http.post(cancel)
    assert (again.status_code, again.json()["code"]) == (400, "UnsupportedOperation")


async def test_lists_page_and_filter(sim: Any) -> None:
    await sim.set(render="cached", delay_seconds=0)
    done = [(await sim.ark_done(await sim.ark(f"p{i}")))["id"] for i in range(3)]
    await sim.ark("[sim:queued]")
    tasks = "/ark/api/v3/contents/generations/tasks"
    page = await sim.get(f"{tasks}?page_num=2&page_size=2&filter.status=succeeded")
    assert (page["total"], [item["id"] for item in page["items"]]) == (3, done[:1])
    chosen = await sim.get(f"{tasks}?filter.task_ids={done[0]}&filter.task_ids={done[2]}")
    assert {item["id"] for item in chosen["items"]} == {done[0], done[2]}
    await sim.wan_done(await sim.wan())
    await sim.wan("[sim:queued]")
    wan = await sim.get("/dashscope/api/v1/tasks/?status=PENDING&page_size=1")
    assert (wan["total"], wan["total_page"], wan["data"][0]["status"]) == (1, 1, "PENDING")


async def test_wan_answers_unknown_for_an_id_it_never_gave_out(sim: Any) -> None:
    output = (await sim.get("/dashscope/api/v1/tasks/never"))["output"]
    assert output == {"task_id": "never", "task_status": "UNKNOWN"}


async def test_without_delay_a_job_finishes_but_never_before_its_answer(sim: Any) -> None:
    await sim.set(delay_seconds=0, render="cached")
    submitted = await sim.wan()
    assert submitted.json()["output"]["task_status"] == "PENDING"
    assert (await sim.wan_done(submitted))["output"]["task_status"] == "SUCCEEDED"

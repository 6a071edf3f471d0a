"""volcengine-ark-runtime: Seedance by `client.content_generation.tasks`, which has no helper to wait."""

from typing import Any

from kit import KEY, Golden, Sim, guards, raises, until
from volcenginesdkarkruntime import Ark
from volcenginesdkarkruntime._exceptions import (
    ArkAuthenticationError,
    ArkBadRequestError,
    ArkConflictError,
    ArkInternalServerError,
    ArkNotFoundError,
    ArkPermissionDeniedError,
    ArkRateLimitError,
)

PROVIDER = "ark"
MODEL = "doubao-seedance-2-0-fast-260128"
CONTENT = [{"type": "text", "text": "a paper boat"}]
IMAGE = "https://host.invalid/i.png"


def _tasks(sim: Sim, key: str = KEY) -> Any:
    return Ark(api_key=key, base_url=f"{sim.url}/ark/api/v3", max_retries=0).content_generation.tasks


def _create(tasks: Any, prompt: str = "a paper boat", **more: Any) -> str:
    content = [{"type": "text", "text": prompt}]
    created = tasks.create(model=MODEL, content=content, resolution="480p", duration=4, **more)
    assert created.id.startswith("cgt-"), created
    return str(created.id)


def _finished(tasks: Any, task_id: str) -> Any:
    def final() -> Any:
        task = tasks.get(task_id=task_id)
        assert task.status is not None, task
        return task if task.status not in ("queued", "running") else None

    return until(final)


@guards("id")
@guards("status")
@guards("video_url")
@guards("completion_tokens")
@guards("duration")
def check_creates_polls_and_downloads(sim: Sim) -> None:
    tasks = _tasks(sim)
    task = _finished(tasks, _create(tasks, seed=7, return_last_frame=True, ratio="16:9"))
    assert task.status == "succeeded", task
    assert sim.fetch(task.content.video_url)[4:8] == b"ftyp"
    assert sim.fetch(task.content.last_frame_url)[1:4] == b"PNG"
    assert task.usage.completion_tokens == 864 * 496 * 4 * 24 // 1024
    assert (task.duration, task.ratio, task.resolution, task.seed) == (4, "16:9", "480p", 7)
    assert isinstance(task.created_at, int)


@guards("items")
@guards("total")
def check_lists_by_ids_and_status(sim: Sim) -> None:
    tasks = _tasks(sim)
    ids = [_create(tasks, "[sim:queued]") for _ in range(2)]
    _create(tasks)
    found = tasks.list(task_ids=ids, page_size=10)
    assert (found.total, {each.id for each in found.items}) == (2, set(ids))
    assert [each.id for each in tasks.list(task_ids=ids, status="queued", page_size=1, page_num=2).items] == [
        ids[0]
    ]


@guards("status")
def check_cancels_while_queued_and_is_refused_while_running(sim: Sim) -> None:
    tasks = _tasks(sim)
    queued = _create(tasks, "[sim:queued]")
    tasks.delete(task_id=queued)
    assert tasks.get(task_id=queued).status == "cancelled"
    running = _create(tasks, "[sim:delay=30]")
    sim.set(delay_seconds=0)
    until(lambda: tasks.get(task_id=running).status == "running")
    with raises(ArkConflictError) as caught:
        tasks.delete(task_id=running)
    assert caught.error.code == "TaskRunningCannotCancel"


@guards("the message and the code", drop=["error"])
def check_a_failed_task_says_why(sim: Sim) -> None:
    tasks = _tasks(sim)
    failed = _finished(tasks, _create(tasks, "[sim:moderated]"))
    assert failed.status == "failed"
    assert failed.error.code == "OutputVideoSensitiveContentDetected"


@guards("code")
def check_bad_input_and_unknown_models_raise(sim: Sim) -> None:
    tasks = _tasks(sim)
    with raises(ArkBadRequestError) as caught:
        tasks.create(model=MODEL, content=CONTENT, duration=99)
    assert caught.error.code == "InvalidParameter"
    assert caught.error.param == "duration"
    with raises(ArkNotFoundError) as unknown:
        tasks.create(model="no-such-model-0", content=CONTENT)
    assert unknown.error.code == "InvalidEndpointOrModel.NotFound"


@guards("HTTP 401", status=400)
def check_a_bad_key_raises(sim: Sim) -> None:
    with raises(ArkAuthenticationError):
        _create(_tasks(sim, "bad-key"))


@guards("HTTP 404", status=500)
def check_an_unknown_id_raises(sim: Sim) -> None:
    with raises(ArkNotFoundError):
        _tasks(sim).get(task_id="cgt-20260101000000-abcde")


@guards("HTTP 429", status=500)
def check_a_rate_limit_raises(sim: Sim) -> None:
    sim.set(status_code_next=429, retry_after_seconds=1)
    with raises(ArkRateLimitError) as caught:
        _create(_tasks(sim))
    assert caught.error.response.headers["retry-after"] == "1"


def check_an_unpaid_account_and_a_broken_server_raise(sim: Sim) -> None:
    sim.set(out_of_quota_next=1)
    with raises(ArkPermissionDeniedError) as caught:
        _create(_tasks(sim))
    assert caught.error.code == "AccountOverdueError"
    sim.set(status_code_next=500)
    with raises(ArkInternalServerError):
        _create(_tasks(sim))


@guards("the callbacks", webhooks="off")
def check_calls_back_at_each_change_with_the_task(sim: Sim) -> None:
    with sim.receiver() as hooks:
        task_id = _create(_tasks(sim), callback_url=hooks.url)
        told = [each.json() for each in hooks.wait(3)]
    assert [each["status"] for each in told] == ["queued", "running", "succeeded"]
    assert {each["id"] for each in told} == {task_id}


def golden_text_to_video(sim: Sim, golden: Golden) -> None:
    tasks = _tasks(sim)
    with golden("submit"):
        task_id = _create(
            tasks,
            ratio="16:9",
            seed=7,
            watermark=False,
            generate_audio=True,
            callback_url="https://callbacks.invalid/ark",
            safety_identifier="corr-1",
        )
    golden.calls(task_id, "JOB")
    with golden("poll"):
        tasks.get(task_id=task_id)
    with golden("poll_many"):
        tasks.list(page_num=1, page_size=2, task_ids=[task_id, "cgt-2"])
    with golden("lookup"):
        tasks.list(page_num=1, page_size=100, model=MODEL)
    _finished(tasks, task_id)
    with golden("cancel"):
        tasks.delete(task_id=task_id)


def golden_frames_to_video(sim: Sim, golden: Golden) -> None:
    content = [
        {"type": "text", "text": "a paper boat"},
        {"type": "image_url", "image_url": {"url": IMAGE}, "role": "first_frame"},
        {"type": "image_url", "image_url": {"url": f"{IMAGE}?2"}, "role": "last_frame"},
    ]
    with golden("submit"):
        _tasks(sim).create(
            model="doubao-seedance-1-5-pro-251215", content=content, safety_identifier="corr-1"
        )

"""runwayml: tasks from text and images, with its own waiting, deleting and errors."""

import runwayml
from kit import KEY, Golden, Sim, guards, raises, until
from runwayml import RunwayML
from runwayml.lib import polling

PROVIDER = "runway"
IMAGE = "https://host.invalid/first-frame.png"
JOB = {"model": "veo3.1_fast", "prompt_text": "a paper boat", "ratio": "1280:720", "duration": 4}

polling.POLL_TIME, polling.POLL_JITTER = 0.2, 0.0  # its own pace, 6 s, is for tasks that take minutes


def _client(sim: Sim, key: str = KEY) -> RunwayML:
    return RunwayML(api_key=key, base_url=f"{sim.url}/runway", max_retries=0)


@guards("id", drop="id", path="/text_to_video$")
@guards("status", drop="status", path="/tasks/")
@guards("output")
@guards("cost")
def check_waits_for_a_video_and_finds_it(sim: Sim) -> None:
    task = _client(sim).text_to_video.create(**JOB).wait_for_task_output(timeout=20)
    assert task.status == "SUCCEEDED"
    assert task.cost.credits == 60
    assert sim.fetch(task.output[0])[4:8] == b"ftyp"


@guards("createdAt")
def check_follows_a_task_from_pending_to_its_end(sim: Sim) -> None:
    client = _client(sim)
    task_id = client.image_to_video.create(**JOB, prompt_image=IMAGE).id
    seen = []

    def final() -> bool:
        task = client.tasks.retrieve(task_id)
        assert task.created_at.tzinfo is not None
        seen.append(task.status)
        return task.status == "SUCCEEDED"

    until(final)
    assert seen[0] in ("PENDING", "RUNNING"), seen


def check_makes_pictures(sim: Sim) -> None:
    task = _client(sim).text_to_image.create(model="gen4_image", prompt_text="a boat", ratio="1280:720")
    found = task.wait_for_task_output(timeout=20)
    assert sim.fetch(found.output[0]).startswith(b"\x89PNG")


@guards("failureCode")
def check_raises_its_own_error_for_a_task_that_failed(sim: Sim) -> None:
    moderated = {**JOB, "prompt_text": "[sim:moderated]"}
    with raises(runwayml.TaskFailedError) as caught:
        _client(sim).text_to_video.create(**moderated).wait_for_task_output(timeout=20)
    assert caught.error.task_details.failure_code.startswith("SAFETY."), caught.error.task_details


@guards("HTTP 404", path="/tasks/", status=200)
def check_a_cancelled_task_and_an_unknown_one_are_not_found(sim: Sim) -> None:
    client = _client(sim)
    task_id = client.text_to_video.create(**{**JOB, "prompt_text": "[sim:queued]"}).id
    assert client.tasks.retrieve(task_id).status == "THROTTLED"
    client.tasks.delete(task_id)
    for each in (task_id, "00000000-0000-4000-8000-000000000000"):
        with raises(runwayml.NotFoundError):
            client.tasks.retrieve(each)


def check_raises_its_own_errors(sim: Sim) -> None:
    with raises(runwayml.AuthenticationError):
        _client(sim, "bad-key").text_to_video.create(**JOB)
    with raises(runwayml.BadRequestError) as caught:
        _client(sim).text_to_video.create(**{**JOB, "duration": 5})
    assert caught.error.body["issues"][0]["path"] == ["duration"], caught.error.body
    sim.set(out_of_quota_next=1)
    with raises(runwayml.BadRequestError) as caught:
        _client(sim).text_to_video.create(**JOB)
    assert "enough credits" in caught.error.body["error"]
    sim.set(status_code_next=429)
    with raises(runwayml.RateLimitError):
        _client(sim).text_to_video.create(**JOB)
    sim.set(status_code_next=503)
    with raises(runwayml.InternalServerError):
        _client(sim).text_to_video.create(**JOB)


@guards("creditBalance")
@guards("tier")
def check_reads_the_organisation(sim: Sim) -> None:
    found = _client(sim).organization.retrieve()
    assert found.credit_balance > 0
    assert found.tier.models["gen4.5"].max_daily_generations > 0


def golden_text_to_video(sim: Sim, golden: Golden) -> None:
    client = _client(sim)
    with golden("submit"):
        task_id = client.text_to_video.create(**JOB, audio=True, seed=7, negative_prompt="blur").id
    golden.calls(task_id, "JOB")
    with golden("poll"):
        client.tasks.retrieve(task_id)
    with golden("cancel"):
        client.tasks.delete(task_id)


def golden_image_to_video(sim: Sim, golden: Golden) -> None:
    frames = [{"uri": IMAGE, "position": "first"}, {"uri": f"{IMAGE}?2", "position": "last"}]
    with golden("submit"):
        _client(sim).image_to_video.create(**JOB, prompt_image=frames)

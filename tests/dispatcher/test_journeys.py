"""Journeys through the real simulator on a real Postgres. Numbers are ledger-reliability.md's, section 2."""

import asyncio
from typing import Any

import pytest
from dispatcher_tools import (
    SECRET,
    SEEDANCE,
    UNCERTAIN,
    VEO,
    WAN,
    Callbacks,
    Dispatcher,
    deleted,
    frozen,
    requested,
    settled,
    until,
)

pytestmark = pytest.mark.stack


@pytest.mark.parametrize(("model", "protocol"), [(SEEDANCE, "ark"), (VEO, "gemini"), (WAN, "dashscope")])
async def test_a_frozen_task_becomes_outputs_that_can_be_fetched(
    dispatcher: Dispatcher, model: str, protocol: str
) -> None:
    await dispatcher.start()
    task = await dispatcher.accept("a lighthouse", model=model)
    done = await dispatcher.completed(task)
    assert (done["outcome"], done["attempt"], done["protocol"]) == ("succeeded", 1, protocol)
    assert (done["model"], done["credential_id"], done["derive"]) == (model, "sim", ["gif"])
    assert [output["kind"] for output in done["outputs"]] == ["video"]
    assert done["actual_micro"] is not None
    (job,) = await dispatcher.simulator.jobs()
    assert job["prompt"] == "a lighthouse"
    assert done["provider_job_id"].endswith(job["id"])
    assert (await dispatcher.said(task, "task.progress"))[0]["state"] == "submitted"
    assert await until(lambda: _no_work(dispatcher))


async def test_each_event_keeps_the_trace_and_a_stable_id(dispatcher: Dispatcher) -> None:
    await dispatcher.start()
    task = await dispatcher.accept()
    await dispatcher.completed(task)
    rows = await dispatcher.db.pool.fetch("SELECT * FROM outbox ORDER BY id")
    assert {row["traceparent"] for row in rows} == {f"00-{'1' * 32}-{'2' * 16}-01"}
    ids = [row["event_id"] for row in rows]
    assert len(set(ids)) == len(ids)
    assert f"dispatcher:{task}:completed:1" in ids
    assert f"dispatcher:{task}:progress-1-submitted:1" in ids


@pytest.mark.parametrize("model", [SEEDANCE, WAN])
@pytest.mark.parametrize(
    ("marker", "code"), [("[sim:fail]", "provider_failed"), ("[sim:moderated]", "content_refused")]
)
async def test_a_definite_failure_is_final(
    dispatcher: Dispatcher, model: str, marker: str, code: str
) -> None:
    await dispatcher.start()
    done = await dispatcher.completed(await dispatcher.accept(f"a {marker}", model=model))
    assert (done["outcome"], done["error_code"]) == ("failed", code)
    assert done["outputs"] == []
    assert len(await dispatcher.simulator.jobs()) == 1


async def test_facts_in_the_other_order_lead_to_the_same(dispatcher: Dispatcher) -> None:
    await dispatcher.start()
    request = requested()
    await dispatcher.apply(frozen(request))
    await asyncio.sleep(0.3)
    assert await dispatcher.simulator.jobs() == []
    await dispatcher.apply(request, request)
    assert (await dispatcher.completed(request.task_id))["outcome"] == "succeeded"
    await dispatcher.apply(request, frozen(request))
    await asyncio.sleep(0.3)
    assert len(await dispatcher.simulator.jobs()) == 1
    assert len(await dispatcher.said(request.task_id, "provider.completed")) == 1


async def test_a_request_that_never_arrived_is_sent_under_a_new_number(dispatcher: Dispatcher) -> None:
    await dispatcher.start()
    await dispatcher.simulator.set(ark={"drop_request_next": 1})
    task = await dispatcher.accept()
    done = await dispatcher.completed(task)
    assert (done["outcome"], done["attempt"]) == ("succeeded", 2)
    assert [each["status"] for each in await dispatcher.attempts(task)] == ["absent", "succeeded"]
    (job,) = await dispatcher.simulator.jobs()
    assert job["safety_identifier"] == (await dispatcher.attempts(task))[1]["correlation"]


async def test_a_lost_answer_without_lookup_is_uncertain_and_never_sent_again(dispatcher: Dispatcher) -> None:
    await dispatcher.start(**UNCERTAIN)
    await dispatcher.simulator.set(gemini={"drop_answer_next": 1})
    task = await dispatcher.accept(model=VEO)
    done = await dispatcher.completed(task)
    assert (done["outcome"], done["error_code"]) == ("failed", "provider_outcome_unknown")
    (attempt,) = await dispatcher.attempts(task)
    assert (attempt["status"], attempt["orphan"]) == ("unknown", "suspected")
    assert len(await dispatcher.simulator.jobs()) == 1
    assert await until(lambda: _no_work(dispatcher))


async def test_a_webhook_makes_the_poll_due_at_once(dispatcher: Dispatcher, callbacks: Callbacks) -> None:
    await dispatcher.start(callbacks_url=callbacks.url, callback_secrets=[SECRET], ark={"poll_seconds": 600})
    done = await dispatcher.completed(await dispatcher.accept())
    assert done["outcome"] == "succeeded"


async def test_a_webhook_names_the_job_of_a_lost_answer(dispatcher: Dispatcher, callbacks: Callbacks) -> None:
    await dispatcher.start(callbacks_url=callbacks.url, callback_secrets=[SECRET])
    await dispatcher.simulator.set(ark={"drop_answer_next": 1})
    task = await dispatcher.accept()
    done = await dispatcher.completed(task)
    (job,) = await dispatcher.simulator.jobs()
    assert done["provider_job_id"] == job["id"]
    assert (await dispatcher.attempts(task))[0]["hint_job_id"] == job["id"]


async def test_a_webhook_that_names_a_job_in_part_is_enough_to_find_it(
    dispatcher: Dispatcher, callbacks: Callbacks
) -> None:
    await dispatcher.start(callbacks_url=callbacks.url, callback_secrets=[SECRET])
    await dispatcher.simulator.set(fal={"drop_answer_next": 1})
    task = await dispatcher.accept(model="flux-dev")
    done = await dispatcher.completed(task)
    (job,) = await dispatcher.simulator.jobs()
    assert done["outcome"] == "succeeded"
    assert done["provider_job_id"] == f"fal-ai/flux-2/requests/{job['id']}"


async def test_a_throttled_submit_comes_back_under_the_same_number(dispatcher: Dispatcher) -> None:
    await dispatcher.start()
    await dispatcher.simulator.set(ark={"status_code_next": {"status": 429, "times": 2}})
    task = await dispatcher.accept()
    done = await dispatcher.completed(task)
    assert (done["outcome"], done["attempt"]) == ("succeeded", 1)
    (attempt,) = await dispatcher.attempts(task)
    assert attempt["sends"] == 3
    assert len(await dispatcher.simulator.jobs()) == 1


async def test_37_a_throttled_provider_is_not_stormed(dispatcher: Dispatcher) -> None:
    await dispatcher.start()
    await dispatcher.simulator.set(ark={"status_code_next": {"status": 429, "times": 3}})
    tasks = [await dispatcher.accept(f"street {n}") for n in range(20)]
    for task in tasks:
        assert (await dispatcher.completed(task))["outcome"] == "succeeded"
    assert len(await dispatcher.simulator.jobs()) == 20


async def test_polls_that_fail_are_asked_again(dispatcher: Dispatcher) -> None:
    await dispatcher.start()
    await dispatcher.simulator.set(ark={"poll_status_code_next": {"status": 500, "times": 2}})
    task = await dispatcher.accept()
    assert (await dispatcher.completed(task))["outcome"] == "succeeded"


async def test_a_provider_that_is_down_got_nothing_and_is_tried_again(dispatcher: Dispatcher) -> None:
    await dispatcher.start(ark={"base_url": "http://127.0.0.1:9/ark/api/v3"})
    task = await dispatcher.accept()
    await until(lambda: _deferred(dispatcher, task))
    (attempt,) = await dispatcher.attempts(task)
    assert (attempt["status"], attempt["error_class"]) == ("deferred", "not_sent")
    await dispatcher.stop()
    dispatcher.parts.clear()
    await dispatcher.start()
    assert (await dispatcher.completed(task))["attempt"] == 1


async def test_past_the_deadline_a_task_fails_without_a_hold(dispatcher: Dispatcher) -> None:
    await dispatcher.start()
    early, only_request, only_hold = requested(seconds=-1), requested(seconds=0.6), requested(seconds=0.6)
    await dispatcher.apply(early, only_request, frozen(only_hold))
    for request in (early, only_request, only_hold):
        done = await dispatcher.completed(request.task_id)
        assert (done["outcome"], done["error_code"], done["attempt"]) == ("failed", "deadline_exceeded", 0)
    assert await dispatcher.simulator.jobs() == []
    assert await until(lambda: _no_work(dispatcher))


async def test_a_job_still_running_at_the_deadline_is_an_orphan_with_its_cost(dispatcher: Dispatcher) -> None:
    await dispatcher.start()
    task = await dispatcher.accept("[sim:delay=600]", seconds=600)
    await until(lambda: dispatcher.submitted(task))
    await dispatcher.time_passes(600, task)
    done = await dispatcher.completed(task)
    assert (done["outcome"], done["error_code"], done["attempt"]) == ("failed", "deadline_exceeded", 1)
    (attempt,) = await dispatcher.attempts(task)
    assert (attempt["status"], attempt["orphan"]) == ("submitted", "suspected")
    await dispatcher.simulator.finish()
    await until(lambda: _confirmed(dispatcher, task, due=True))
    (attempt,) = await dispatcher.attempts(task)
    assert (attempt["status"], attempt["actual_micro"]) == ("succeeded", 5 * 612_000)
    assert len(await dispatcher.said(task, "provider.completed")) == 1


async def test_at_the_deadline_a_finished_job_still_counts(dispatcher: Dispatcher) -> None:
    await dispatcher.start(ark={"poll_seconds": 6000.0})
    task = await dispatcher.accept(seconds=600)
    await until(lambda: dispatcher.submitted(task))
    await until(dispatcher.simulator.over)
    assert await dispatcher.said(task, "provider.completed") == []
    await dispatcher.time_passes(600, task)
    assert (await dispatcher.completed(task))["outcome"] == "succeeded"


async def test_an_unreachable_provider_at_the_deadline_means_uncertain(dispatcher: Dispatcher) -> None:
    await dispatcher.start(**UNCERTAIN)
    await dispatcher.simulator.set(ark={"poll_status_code_next": {"status": 500, "times": 1000}})
    task = await dispatcher.accept(seconds=600)
    await until(lambda: dispatcher.submitted(task))
    await dispatcher.time_passes(600, task)
    done = await dispatcher.completed(task)
    assert (done["outcome"], done["error_code"]) == ("failed", "provider_outcome_unknown")


async def test_a_task_that_the_ledger_released_is_not_sent(dispatcher: Dispatcher) -> None:
    request = requested()
    await dispatcher.apply(request, frozen(request), settled(request))
    other = requested()
    await dispatcher.apply(other, frozen(other))
    await dispatcher.apply(settled(other))
    await dispatcher.start()
    assert await until(lambda: _no_work(dispatcher))
    assert await dispatcher.simulator.jobs() == []
    assert await dispatcher.db.pool.fetchval("SELECT count(*) FROM outbox") == 0


async def test_what_is_said_of_a_deleted_tasks_orphan_is_not_kept(dispatcher: Dispatcher) -> None:
    await dispatcher.start()
    request = requested("[sim:fail] [sim:delay=600]")
    await dispatcher.apply(request, frozen(request))
    await until(lambda: dispatcher.said(request.task_id, "task.progress"))
    await dispatcher.apply(settled(request), deleted(request))
    await dispatcher.simulator.finish()

    async def failed() -> bool:
        await dispatcher.db.pool.execute("UPDATE work SET due_at = now() WHERE NOT leased")
        return (await dispatcher.attempts(request.task_id))[0]["status"] == "failed"

    await until(failed)
    (attempt,) = await dispatcher.attempts(request.task_id)
    assert (attempt["error_class"], attempt["error_message"]) == ("provider", None)


async def test_an_unknown_model_waits_for_its_deadline(dispatcher: Dispatcher) -> None:
    await dispatcher.start()
    task = await dispatcher.accept(model="from-the-future", seconds=1.5)
    done = await dispatcher.completed(task)
    assert done["error_code"] == "deadline_exceeded"


async def test_test_credits_never_reach_a_real_provider(dispatcher: Dispatcher) -> None:
    await dispatcher.start(ark={"simulated": False})
    task = await dispatcher.accept(asset="test", seconds=1.5)
    done = await dispatcher.completed(task)
    assert (done["outcome"], done["attempt"]) == ("failed", 0)
    assert await dispatcher.simulator.jobs() == []


async def test_an_input_that_can_not_be_fetched_is_final(dispatcher: Dispatcher) -> None:
    await dispatcher.start()
    task = await dispatcher.accept(model=VEO, image_urls=["http://127.0.0.1:1/private.png"])
    done = await dispatcher.completed(task)
    assert (done["error_code"], done["attempt"]) == ("input_unreachable", 0)
    assert await dispatcher.simulator.jobs() == []


async def test_a_bad_credential_gives_way_to_the_next_one(dispatcher: Dispatcher) -> None:
    credentials = [{"id": "old", "secret": "bad-key"}, {"id": "new", "secret": "good"}]
    await dispatcher.start(ark={"credentials": credentials})
    done = await dispatcher.completed(await dispatcher.accept())
    assert (done["outcome"], done["credential_id"], done["attempt"]) == ("succeeded", "new", 1)


async def _no_work(dispatcher: Dispatcher) -> bool:
    return await dispatcher.work_rows() == 0


async def _final(callbacks: Callbacks) -> bool:
    return any(each.final for each in callbacks.received)


async def _deferred(dispatcher: Dispatcher, task: Any) -> bool:
    return [each["status"] for each in await dispatcher.attempts(task)] == ["deferred"]


async def _confirmed(dispatcher: Dispatcher, task: Any, due: bool = False) -> bool:
    if due:
        await dispatcher.db.pool.execute("UPDATE work SET due_at = now() WHERE NOT leased")
    return [each["orphan"] for each in await dispatcher.attempts(task)] == ["confirmed"]


INLINE = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="  # noqa: E501


async def test_a_workflow_gets_its_files_before_it_is_submitted(dispatcher: Dispatcher) -> None:
    await dispatcher.start()
    task = await dispatcher.accept("a lighthouse", model="wan-i2v", image_url=INLINE)
    done = await dispatcher.completed(task)
    assert (done["outcome"], done["protocol"]) == ("succeeded", "comfyui")
    assert [output["kind"] for output in done["outputs"]] == ["video"]
    (job,) = await dispatcher.simulator.jobs("comfyui")
    loaded = [node for node in job["params"]["graph"].values() if node["class_type"] == "LoadImage"]
    name = loaded[0]["inputs"]["image"].removeprefix("framebus/")
    query = {"filename": name, "subfolder": "framebus", "type": "input"}
    kept = await dispatcher.simulator.http.get("/comfyui/view", params=query)
    assert kept.content.startswith(b"\x89PNG")


async def test_a_refused_upload_ends_the_task_before_anything_runs(dispatcher: Dispatcher) -> None:
    await dispatcher.simulator.set(comfyui={"alter": [{"path": "/upload/image", "status": 413}]})
    await dispatcher.start()
    done = await dispatcher.completed(
        await dispatcher.accept("a lighthouse", model="wan-i2v", image_url=INLINE)
    )
    assert (done["outcome"], done["error_code"]) == ("failed", "input_rejected")
    assert await dispatcher.simulator.jobs("comfyui") == []


async def test_an_upload_that_fails_for_now_is_tried_again(dispatcher: Dispatcher) -> None:
    await dispatcher.simulator.set(comfyui={"alter": [{"path": "/upload/image", "status": 503}]})
    await dispatcher.start()
    task = await dispatcher.accept("a lighthouse", model="wan-i2v", image_url=INLINE)
    tried = "SELECT tries FROM work WHERE tries > 0"
    await until(lambda: dispatcher.db.pool.fetchval(tried))
    assert await dispatcher.attempts(task) == []
    await dispatcher.simulator.set(comfyui={"alter": []})
    assert (await dispatcher.completed(task))["outcome"] == "succeeded"

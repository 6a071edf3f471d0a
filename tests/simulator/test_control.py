import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest


async def test_the_control_page_describes_itself_and_the_front_page_the_conventions(sim: Any) -> None:
    page = await sim.get("/_control")
    assert page["now"]["ark"]["webhooks"] == "on"
    front = await sim.http.get("/")
    assert "[sim:moderated]" in front.text
    assert "/dashscope/api/v1" in front.text
    assert (await sim.http.get("/healthz")).status_code == 200


async def test_the_log_holds_every_accepted_job_with_its_bill(sim: Any) -> None:
    await sim.set(render="cached", delay_seconds=0)
    await sim.ark_done(await sim.ark("one", safety_identifier="t-1"))
    await sim.ark(model="no-such-model-0")
    since = time.time()
    await sim.wan_done(await sim.wan("two"))
    await sim.veo_done(await sim.veo("[sim:fail]"))
    log = await sim.log()
    assert [(job["provider"], job["state"]) for job in log] == [
        ("ark", "succeeded"),
        ("dashscope", "succeeded"),
        ("gemini", "failed"),
    ]
    assert (log[0]["prompt"], log[0]["safety_identifier"]) == ("one", "t-1")
    assert log[0]["usage"]["total_tokens"] == 864 * 496 * 24 * 4 // 1024
    assert log[2]["usage"] is None
    late = await sim.get(f"/_control/log?since={since}")
    assert late["total"] == 2


async def test_fail_next_counts_down(sim: Any) -> None:
    await sim.set(ark={"fail_next": 1}, render="cached", delay_seconds=0)
    states = [(await sim.ark_done(await sim.ark()))["status"] for _ in range(2)]
    assert states == ["failed", "succeeded"]


async def test_drop_answer_accepts_and_cuts_while_drop_request_does_not_accept(sim: Any) -> None:
    await sim.set(ark={"drop_answer_next": 1})
    with pytest.raises(httpx.TransportError):
        await sim.ark("lost answer")
    assert [job["prompt"] for job in await sim.log()] == ["lost answer"]
    await sim.set(dashscope={"drop_request_next": 1})
    with pytest.raises(httpx.TransportError):
        await sim.wan("lost request")
    assert len(await sim.log()) == 1
    assert (await sim.wan()).status_code == 200


async def test_status_codes_can_be_asked_for(sim: Any) -> None:
    await sim.set(ark={"status_code_next": {"status": 429, "times": 2}}, gemini={"status_code_next": 503})
    refused = [await sim.ark() for _ in range(3)]
    assert [answer.status_code for answer in refused] == [429, 429, 200]
    assert refused[0].json()["error"]["code"] == "RateLimitExceeded.EndpointRPMExceeded"
    assert (await sim.veo()).json()["error"]["status"] == "UNAVAILABLE"
    await sim.set(dashscope={"poll_status_code_next": 500})
    assert (await sim.http.get("/dashscope/api/v1/tasks/x")).json()["code"] == "InternalError"
    assert (await sim.http.get("/dashscope/api/v1/tasks/x")).status_code == 200


async def test_the_answer_can_be_held_before_and_after_acceptance(sim: Any) -> None:
    await sim.set(dashscope={"accept_delay_seconds": 0.5})
    began = time.time()
    assert (await sim.wan()).status_code == 200
    assert (await sim.log())[0]["accepted_at"] >= began + 0.4
    await sim.http.post("/_control/reset")
    await sim.set(dashscope={"submit_delay_seconds": 0.5}, delay_seconds=600)
    assert (await sim.wan()).json()["output"]["task_status"] == "PENDING"
    assert time.time() >= (await sim.log())[0]["accepted_at"] + 0.4


@pytest.mark.parametrize(
    "wanted",
    [{"colour": 1}, {"ark": {"webhooks": "maybe"}}, {"ark": 1}, {"delay_seconds": -1}, {"fail_next": True},
     {"status_code_next": 200}, {"strict_inputs": "yes"}],
)  # fmt: skip
async def test_a_wrong_setting_is_refused_and_changes_nothing(sim: Any, wanted: dict[str, Any]) -> None:
    before = await sim.get("/_control/settings")
    answer = await sim.set(render="cached", **wanted)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert await sim.get("/_control/settings") == before


async def test_jobs_log_and_files_survive_a_kill(start_sim: Callable[..., Any], tmp_path: Path) -> None:
    sim = start_sim(tmp_path)
    done = await sim.ark_done(await sim.ark("first", ratio="adaptive"))
    unfinished = await sim.ark("second [sim:delay=3]")
    queued = await sim.ark("third [sim:queued]")
    await sim.http.delete(f"/ark/api/v3/contents/generations/tasks/{queued.json()['id']}")
    before = (await sim.http.get(done["content"]["video_url"])).content
    sim.kill()
    with (tmp_path / "jobs.jsonl").open("ab") as journal:
        journal.write(b'{"op":"accepted","provider":"ar')
    sim.start()
    again = await sim.get(f"/ark/api/v3/contents/generations/tasks/{done['id']}")
    assert again == done
    assert (await sim.http.get(again["content"]["video_url"])).content == before
    assert [job["prompt"] for job in await sim.log()] == [
        "first",
        "second [sim:delay=3]",
        "third [sim:queued]",
    ]
    assert (await sim.log())[2]["state"] == "cancelled"
    assert (await sim.ark_done(unfinished))["status"] == "succeeded"


def test_the_simulator_imports_none_of_our_libraries() -> None:
    import simulator

    ours = (
        "providers",
        "contracts",
        "catalog",
        "runtime",
        "gateway",
        "ledger",
        "dispatcher",
        "callbacks",
        "storage",
    )
    for path in Path(simulator.__file__).parent.rglob("*.py"):
        for line in path.read_text().splitlines():
            words = line.split()
            if words[:1] in (["import"], ["from"]):
                assert words[1].split(".")[0] not in ours, f"{path.name}: {line}"


def test_it_ends_cleanly_when_told_to(start_sim: Callable[..., Any]) -> None:
    assert start_sim().stop() == 0


async def test_a_429_carries_the_wait_that_was_asked_for_and_an_empty_account_is_refused(sim: Any) -> None:
    await sim.set(ark={"status_code_next": 429, "retry_after_seconds": 7}, dashscope={"out_of_quota_next": 1})
    throttled, unpaid = await sim.ark(), await sim.wan()
    assert (throttled.status_code, throttled.headers["retry-after"]) == (429, "7")
    assert (unpaid.status_code, unpaid.json()["code"]) == (400, "Arrearage")
    assert await sim.log() == []


async def test_links_can_be_told_to_have_outlived_their_time(sim: Any) -> None:
    await sim.set(render="cached", delay_seconds=0)
    task = await sim.ark_done(await sim.ark())
    assert (await sim.http.get(task["content"]["video_url"])).status_code == 200
    assert (await sim.http.post("/_control/expire?provider=ark")).status_code == 200
    assert (await sim.http.get(task["content"]["video_url"])).status_code == 404
    assert (await sim.http.post("/_control/expire?provider=nobody")).status_code == 400

from base64 import b64decode
from typing import Any

import orjson

TASK = "/ark/api/v3/contents/generations/tasks"


async def test_an_answer_can_be_altered_by_name_place_and_path(sim: Any) -> None:
    fewer = {"drop": ["error", "content.last_frame_url"], "set": {"ratio": "1:2"}, "status": 203}
    told = [{"path": "/tasks/", **fewer}, {"method": "POST", "drop_headers": ["content-type"]}]
    await sim.set(ark={"alter": told}, render="cached", delay_seconds=0)
    submitted = await sim.ark(return_last_frame=True)
    assert submitted.json()["id"]
    assert "content-type" not in submitted.headers
    while (answer := await sim.http.get(f"{TASK}/{submitted.json()['id']}")).json()["status"] != "succeeded":
        pass
    task = answer.json()
    assert (answer.status_code, task["ratio"], list(task["content"])) == (203, "1:2", ["video_url"])
    assert "error" not in task
    assert (await sim.wan()).headers["content-type"] == "application/json"


async def test_a_request_is_kept_as_it_came(sim: Any) -> None:
    await sim.set(ark={"record": True})
    await sim.ark("a street", seed=None)
    await sim.http.get(f"{TASK}?page_num=1")
    submit, listing = (await sim.get("/_control/requests?provider=ark"))["requests"]
    assert (submit["method"], submit["path"], listing["query"]) == ("POST", TASK, "page_num=1")
    assert orjson.loads(b64decode(submit["body"]))["seed"] is None
    assert ["authorization", "Bearer k"] in submit["headers"]
    await sim.http.delete("/_control/requests?provider=ark")
    assert (await sim.get("/_control/requests?provider=ark"))["requests"] == []


async def test_one_providers_settings_go_back_without_the_others(sim: Any) -> None:
    await sim.set(ark={"fail_next": 1, "record": True}, gemini={"fail_next": 2})
    now = (await sim.http.delete("/_control/settings?provider=ark")).json()
    assert (now["ark"]["fail_next"], now["ark"]["record"], now["gemini"]["fail_next"]) == (0, False, 2)
    assert (await sim.http.delete("/_control/settings?provider=nobody")).status_code == 400


async def test_an_alteration_that_makes_no_sense_is_refused(sim: Any) -> None:
    for told in ({}, [{"dorp": ["id"]}], [{"status": 99}], [{"path": "("}], [{"drop": "id"}], [{"set": []}]):
        answer = await sim.set(ark={"alter": told})
        assert answer.status_code == 400, told
        assert "alter" in answer.json()["error"]

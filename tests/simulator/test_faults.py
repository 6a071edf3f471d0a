import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from simulator.facts import PROVIDERS
from simulator.faults import FAULTS, Shares

ARK = "/ark/api/v3/contents/generations/tasks"
FAL = "/fal/fal-ai/flux/dev"


@pytest.fixture
async def quick(sim: Any) -> Any:
    """Jobs of 50 ms, results that cost nothing."""
    await sim.set(render="cached", delay_seconds=0.05)
    return sim


async def fal(sim: Any, hook: str) -> httpx.Response:
    """A job that calls back once, signed."""
    return await sim.http.post(
        FAL, params={"fal_webhook": hook}, json={"prompt": "a street"}, headers={"authorization": "Key k"}
    )


async def fal_done(sim: Any, hook: str) -> None:
    """A job that calls back once, until it is over."""
    submitted = await fal(sim, hook)
    path = urlsplit(submitted.json()["status_url"]).path
    async with asyncio.timeout(20):
        while (await sim.http.get(path, headers={"authorization": "Key k"})).status_code != 200:
            await asyncio.sleep(0.02)


def test_one_seed_gives_one_sequence_of_its_share_and_another_seed_another() -> None:
    def drawn(seed: int) -> list[bool]:
        shares = Shares()
        shares.order({"seed": seed, "shares": {"fail": 0.25}, "providers": ["ark"]})
        return [shares.drawn("ark", "fail") for _ in range(2000)]

    assert drawn(1) == drawn(1) != drawn(2)
    assert 400 < sum(drawn(1)) < 600
    assert not any(Shares().drawn("ark", fault) for fault in FAULTS)


def test_what_else_is_ordered_and_asked_for_does_not_move_a_sequence() -> None:
    alone, among = Shares(), Shares()
    alone.order({"seed": 5, "shares": {"fail": 0.5}})
    among.order({"seed": 5, "shares": {"fail": 0.5, "drop_answer": 0.5}, "providers": ["ark", "fal"]})
    expected = [alone.drawn("ark", "fail") for _ in range(50)]
    mixed = []
    for _ in range(50):
        among.drawn("ark", "drop_answer"), among.drawn("fal", "fail")
        mixed.append(among.drawn("ark", "fail"))
    assert mixed == expected
    assert not among.drawn("luma", "fail")


async def test_shares_hold_until_they_are_taken_back_and_what_they_did_is_counted(quick: Any) -> None:
    told = {"seed": 3, "shares": {"drop_answer": 1, "fail": 0}, "providers": ["ark"]}
    assert (await quick.http.put("/_control/faults", json=told)).status_code == 200
    for _ in range(3):
        with pytest.raises(httpx.TransportError):
            await quick.ark()
    assert (await quick.wan()).status_code == 200
    await quick.set(ark={"drop_request_next": 4})
    faults = await quick.get("/_control/faults")
    assert (faults["seed"], faults["made"]) == (3, {"ark": {"drop_answer": 3}})
    healed = (await quick.http.delete("/_control/faults")).json()
    assert (healed["shares"], healed["made"]) == ({}, {"ark": {"drop_answer": 3}})
    assert (await quick.ark()).status_code == 200


@pytest.mark.parametrize(
    "told",
    [{"shares": {"drop": 0.1}}, {"shares": {"fail": 1.1}}, {"shares": {"fail": True}}, {"seed": "x"},
     {"providers": ["nobody"]}, {"share": {}}, {"shares": []}],
)  # fmt: skip
async def test_a_wrong_order_is_refused_and_changes_nothing(quick: Any, told: dict[str, Any]) -> None:
    await quick.http.put("/_control/faults", json={"seed": 9, "shares": {"fail": 0.5}})
    refused = await quick.http.put("/_control/faults", json={"seed": 1, **told})
    assert refused.status_code == 400
    assert refused.json()["error"]
    assert (await quick.get("/_control/faults"))["seed"] == 9


async def test_every_fault_is_explained_and_has_a_counter(quick: Any) -> None:
    page = await quick.get("/_control")
    explained = next(value for name, value in page.items() if name.startswith("faults"))
    assert explained == FAULTS
    for provider in PROVIDERS:
        assert {f"{fault}_next" for fault in FAULTS} <= set(page["now"][provider])


async def test_an_error_after_accepting_leaves_a_job_behind(quick: Any) -> None:
    await quick.set(ark={"error_after_accept_next": 1})
    answer = await quick.ark("taken all the same", safety_identifier="t-1")
    assert answer.status_code == 502
    assert [(job["prompt"], job["correlation"]) for job in await quick.log()] == [
        ("taken all the same", "t-1")
    ]


@pytest.mark.parametrize("fault", ["endless_answer", "poll_endless"])
async def test_an_answer_can_be_without_end(quick: Any, fault: str) -> None:
    submitted = await quick.ark() if fault == "poll_endless" else None
    await quick.set(ark={f"{fault}_next": 1})
    method, path = ("GET", f"{ARK}/{submitted.json()['id']}") if submitted else ("POST", ARK)
    body = {"model": "doubao-seedance-2-0-fast-260128", "content": [{"type": "text", "text": "a"}]}
    async with quick.http.stream(method, path, json=None if submitted else body) as answer:
        assert answer.status_code == 200
        seen = 0
        async for chunk in answer.aiter_raw():
            seen += len(chunk)
            if seen > 10_000_000:
                break
    assert len(await quick.log()) == 1


async def test_an_answer_can_come_twice_on_the_wire(quick: Any) -> None:
    await quick.set(ark={"answer_twice_next": 1})
    body = b'{"model":"doubao-seedance-2-0-fast-260128","content":[{"type":"text","text":"a"}]}'
    head = f"POST {ARK} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer k\r\ncontent-length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", int(quick.url.rsplit(":", 1)[1])), timeout=10) as wire:
        wire.sendall(head.encode() + body)
        heard = b""
        while heard.count(b"HTTP/1.1 200") < 2 or not heard.endswith(b"}"):
            heard += await asyncio.to_thread(wire.recv, 65536)
    first, second = (part.partition(b"\r\n\r\n")[2] for part in heard.split(b"HTTP/1.1 200 OK\r\n")[1:])
    assert first == second != b""
    assert len(await quick.log()) == 1


async def test_the_answer_can_come_after_the_webhook(quick: Any, receiver: Any) -> None:
    await quick.set(fal={"answer_after_webhook_next": 1})
    answer = await fal(quick, f"{receiver.url}/hook")
    assert answer.status_code == 200
    assert [body["request_id"] for body in receiver.bodies] == [answer.json()["request_id"]]


@pytest.mark.parametrize(
    ("fault", "status"), [("server_error", 503), ("rate_limited", 429), ("out_of_quota", 403)]
)
async def test_a_submit_can_be_refused_and_nothing_is_accepted(quick: Any, fault: str, status: int) -> None:
    await quick.set(ark={f"{fault}_next": 1, "retry_after_seconds": 0})
    refused = await quick.ark()
    assert (refused.status_code, refused.headers.get("retry-after")) == (
        status,
        "1" if status == 429 else None,
    )
    assert await quick.log() == []
    assert (await quick.ark()).status_code == 200


@pytest.mark.parametrize(("fault", "status"), [("poll_error", 500), ("poll_rate_limited", 429)])
async def test_a_read_can_fail(quick: Any, fault: str, status: int) -> None:
    path = f"{ARK}/{(await quick.ark()).json()['id']}"
    await quick.set(ark={f"{fault}_next": 1, "poll_cut_next": 1})
    assert (await quick.http.get(path)).status_code == status
    with pytest.raises(httpx.TransportError):
        await quick.http.get(path)
    assert (await quick.http.get(path)).status_code == 200


async def test_a_job_can_run_for_ever_and_can_be_moderated(quick: Any) -> None:
    await quick.set(ark={"moderated_next": 1})
    assert (await quick.ark_done(await quick.ark()))["status"] == "failed"
    await quick.set(ark={"never_final_next": 1})
    path = f"{ARK}/{(await quick.ark()).json()['id']}"
    await quick.until(path, lambda task: task["status"] == "running")
    await quick.ark_done(await quick.ark("long after"))
    assert (await quick.get(path))["status"] == "running"
    assert [job["billed"] for job in await quick.log()] == [False, False, True]
    await quick.finish("ark")
    await quick.until(path, lambda task: task["status"] == "succeeded")


async def test_a_jobs_wait_ends_on_order_wherever_it_is(quick: Any) -> None:
    await quick.set(delay_seconds=600)
    waiting = await quick.ark()
    other = await quick.wan()
    await quick.finish("ark")
    assert (await quick.ark_done(waiting))["status"] == "succeeded"
    assert [(job["provider"], job["state"]) for job in await quick.log()] == [
        ("ark", "succeeded"),
        ("dashscope", "queued"),
    ]
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("fault", "words"),
    [("succeed_then_fail", ["succeeded", "failed"]), ("fail_then_succeed", ["failed", "succeeded"])],
)
async def test_a_job_can_take_its_final_word_back(
    quick: Any, receiver: Any, fault: str, words: list[str]
) -> None:
    await quick.set(ark={f"{fault}_next": 1, "contradict_after_seconds": 600})
    submitted = await quick.ark(callback_url=f"{receiver.url}/hook")
    first = await quick.ark_done(submitted)
    await quick.finish("ark")
    second = await quick.until(f"{ARK}/{first['id']}", lambda task: task["status"] != first["status"])
    assert [first["status"], second["status"]] == words
    told = [body["status"] for body in await receiver.until(4)]
    assert told == ["queued", "running", *words]
    assert (await quick.log())[0]["billed"]


async def test_the_second_word_is_said_also_after_a_kill(
    start_sim: Callable[..., Any], tmp_path: Path
) -> None:
    sim = start_sim(tmp_path, SIM_RENDER="cached", SIM_DELAY_SECONDS="0")
    await sim.set(ark={"succeed_then_fail_next": 1, "contradict_after_seconds": 600})
    task = await sim.ark_done(await sim.ark())
    sim.kill()
    sim.start()
    again = await sim.until(f"{ARK}/{task['id']}", lambda body: body["status"] == "failed")
    assert again["id"] == task["id"]


async def test_webhooks_can_be_lost_doubled_and_late(quick: Any, receiver: Any) -> None:
    await quick.set(fal={"webhook_lost_next": 1})
    await fal_done(quick, f"{receiver.url}/hook")
    await quick.set(fal={"webhook_doubled_next": 1, "webhook_delay_seconds": 0.5})
    await fal_done(quick, f"{receiver.url}/hook")
    twice = await receiver.until(2)
    assert twice[0] == twice[1]
    await quick.set(fal={"webhook_late_next": 1})
    await fal_done(quick, f"{receiver.url}/hook")
    await receiver.until(3)
    assert receiver.times[2] >= (await quick.log("fal"))[-1]["finished_at"] + 0.4


async def test_a_forged_webhook_is_changed_after_signing_or_knows_no_secret(
    quick: Any, receiver: Any
) -> None:
    await quick.set(fal={"webhook_forged_next": 1}, luma={"webhook_forged_next": 2})
    await fal(quick, f"{receiver.url}/hook")
    await receiver.until(1)
    assert receiver.raw[0][1].endswith(b" ")
    token = "secret-that-proves-an-address-0123456789"
    hook = f"{receiver.url}/hook?task=t&token={token}"
    body = {"model": "ray-flash-2", "prompt": "a street", "callback_url": hook}
    await quick.http.post("/luma/dream-machine/v1/generations/video", json=body)
    await receiver.until(2)
    assert parse_qs(urlsplit(receiver.addresses[1]).query) == {"task": ["t"], "token": [token[::-1]]}


async def test_webhooks_can_come_in_the_wrong_order(quick: Any, receiver: Any) -> None:
    await quick.set(ark={"webhook_reordered_next": 2})
    await quick.ark_done(await quick.ark(callback_url=f"{receiver.url}/hook"))
    assert [body["status"] for body in await receiver.until(3)] == ["succeeded", "running", "queued"]


async def test_a_webhook_can_come_for_a_job_that_never_was(quick: Any, receiver: Any) -> None:
    await quick.set(fal={"webhook_stray_next": 1})
    submitted = await fal(quick, f"{receiver.url}/hook")
    known, stray = [body["request_id"] for body in await receiver.until(2)]
    assert known == submitted.json()["request_id"] != stray
    assert [job["id"] for job in await quick.log()] == [known]


async def test_results_can_be_gone_halved_cut_or_something_else(quick: Any) -> None:
    url = (await quick.ark_done(await quick.ark()))["content"]["video_url"]
    whole = (await quick.http.get(url)).content
    await quick.set(ark={"result_expired_next": 1})
    assert (await quick.http.get(url)).status_code == 404
    await quick.set(ark={"result_truncated_next": 1})
    assert (await quick.http.get(url)).content == whole[: len(whole) // 2]
    await quick.set(ark={"result_cut_next": 1})
    with pytest.raises(httpx.RemoteProtocolError):
        await quick.http.get(url)
    await quick.set(ark={"result_wrong_type_next": 1})
    page = await quick.http.get(url)
    assert page.headers["content-type"].startswith("text/html")
    assert (await quick.http.get(url)).content == whole


async def test_a_result_can_be_without_end(quick: Any) -> None:
    url = (await quick.ark_done(await quick.ark()))["content"]["video_url"]
    await quick.set(ark={"result_endless_next": 1})
    async with quick.http.stream("GET", url) as answer:
        assert answer.headers["content-type"] == "video/mp4"
        assert "content-length" not in answer.headers
        seen = 0
        async for chunk in answer.aiter_raw():
            seen += len(chunk)
            if seen > 10_000_000:
                break

"""The simulated ComfyUI, held against the shapes of the real one's sources: there is no official client."""

import asyncio
from typing import Any

import httpx
import pytest

GRAPH: dict[str, Any] = {
    "ckpt": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd_xl_base_1.0.safetensors"}},
    "image": {"class_type": "LoadImage", "inputs": {"image": "example.png"}},
    "text": {"class_type": "CLIPTextEncode", "inputs": {"text": "a street", "clip": ["ckpt", 1]}},
    "start": {"class_type": "VAEEncode", "inputs": {"pixels": ["image", 0], "vae": ["ckpt", 2]}},
    "sample": {
        "class_type": "KSampler",
        "inputs": {
            "model": ["ckpt", 0], "positive": ["text", 0], "negative": ["text", 0],
            "latent_image": ["start", 0], "seed": 1, "steps": 4, "cfg": 7.0, "sampler_name": "euler",
            "scheduler": "normal", "denoise": 0.5,
        },
    },
    "decode": {"class_type": "VAEDecode", "inputs": {"samples": ["sample", 0], "vae": ["ckpt", 2]}},
    "save": {"class_type": "SaveImage", "inputs": {"images": ["decode", 0], "filename_prefix": "out/pic"}},
}  # fmt: skip
JOB = "00000000-0000-4000-8000-000000000001"


def graph(text: str = "a street", **nodes: Any) -> dict[str, Any]:
    changed = {**GRAPH, "text": {**GRAPH["text"], "inputs": {"text": text, "clip": ["ckpt", 1]}}}
    for name, inputs in nodes.items():
        changed[name] = {**GRAPH[name], "inputs": {**GRAPH[name]["inputs"], **inputs}}
    return changed


async def submit(sim: Any, prompt: Any, **fields: Any) -> httpx.Response:
    answer: httpx.Response = await sim.http.post("/comfyui/prompt", json={"prompt": prompt, **fields})
    return answer


async def ended(sim: Any, job: str) -> dict[str, Any]:
    found = await sim.until(f"/comfyui/history/{job}", bool)
    entry: dict[str, Any] = found[job]
    return entry


async def test_a_workflow_waits_runs_and_leaves_its_files_in_the_history(sim: Any) -> None:
    answer = await submit(sim, graph(), prompt_id=JOB, client_id="me")
    assert answer.json() == {"prompt_id": JOB, "number": 0.0, "node_errors": {}}
    assert await sim.get(f"/comfyui/history/{JOB}") == {}
    queue = await sim.get("/comfyui/api/queue")
    ((number, job, prompt, extra, outputs),) = queue["queue_running"] + queue["queue_pending"]
    assert (number, job, prompt, extra, outputs) == (0.0, JOB, graph(), {"client_id": "me"}, ["save"])
    entry = await ended(sim, JOB)
    assert entry["status"]["status_str"] == "success"
    assert [event for event, _ in entry["status"]["messages"]][-1] == "execution_success"
    (file,) = entry["outputs"]["save"]["images"]
    assert file == {"filename": "pic_00001_.png", "subfolder": "out", "type": "output"}
    shown = await sim.http.get("/comfyui/view", params=file)
    assert shown.content.startswith(b"\x89PNG")
    assert (await sim.log("comfyui"))[0]["model"] == "sd_xl_base_1.0.safetensors"


async def test_an_upload_keeps_its_name_when_it_may_overwrite_and_gets_a_free_one_otherwise(sim: Any) -> None:
    async def upload(content: bytes, **fields: str) -> dict[str, Any]:
        files = {"image": ("a.png", content, "image/png")}
        answer = await sim.http.post("/comfyui/upload/image", files=files, data=fields)
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()
        return found

    assert await upload(b"1", subfolder="s") == {"name": "a.png", "subfolder": "s", "type": "input"}
    assert (await upload(b"2", subfolder="s"))["name"] == "a (1).png"
    assert (await upload(b"3", subfolder="s", overwrite="true"))["name"] == "a.png"
    seen = await sim.http.get("/comfyui/view?filename=a.png&subfolder=s&type=input")
    assert seen.content == b"3"
    assert (await submit(sim, graph(image={"image": "s/a.png"}))).status_code == 200


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [
        (None, "prompt_no_outputs"),
        ({"1": {"class_type": "VAELoader", "inputs": {"vae_name": "a.pt"}}}, "prompt_no_outputs"),
        ({"1": {"inputs": {}}}, "invalid_prompt"),
        ({**GRAPH, "x": {"class_type": "NoSuchNode", "inputs": {}}}, "invalid_prompt"),
    ],
)
async def test_a_graph_that_is_none_is_refused_as_a_whole(sim: Any, prompt: Any, kind: str) -> None:
    answer = await submit(sim, prompt)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == kind
    assert answer.json()["node_errors"] == {}


@pytest.mark.parametrize(
    ("node", "inputs", "kind"),
    [
        ("ckpt", {"ckpt_name": "no-such-model-0.safetensors"}, "value_not_in_list"),
        ("sample", {"steps": 0}, "value_smaller_than_min"),
        ("sample", {"cfg": 101}, "value_bigger_than_max"),
        ("sample", {"seed": "x"}, "invalid_input_type"),
        ("sample", {"model": ["ckpt", 1]}, "return_type_mismatch"),
        ("decode", {"vae": "ckpt"}, "bad_linked_input"),
        ("image", {"image": "never-uploaded.png"}, "custom_validation_failed"),
    ],
)
async def test_a_node_with_a_wrong_input_is_named(sim: Any, node: str, inputs: Any, kind: str) -> None:
    answer = await submit(sim, graph(**{node: inputs}))
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "prompt_outputs_failed_validation"
    fault = answer.json()["node_errors"][node]
    assert [each["type"] for each in fault["errors"]] == [kind]
    assert fault["dependent_outputs"] == ["save"]
    assert await sim.log("comfyui") == []


async def test_a_200_leaves_out_the_outputs_that_cannot_be_made(sim: Any) -> None:
    broken = {"class_type": "SaveAudio", "inputs": {"filename_prefix": "a"}}
    answer = await submit(sim, {**graph(), "sound": broken})
    assert answer.status_code == 200
    assert list(answer.json()["node_errors"]) == ["sound"]
    assert list((await ended(sim, answer.json()["prompt_id"]))["outputs"]) == ["save"]


async def test_a_client_that_chooses_an_id_chooses_a_canonical_one(sim: Any) -> None:
    assert (await submit(sim, graph(), prompt_id="mine")).json()["error"]["type"] == "invalid_prompt_id"


async def test_what_waits_is_taken_out_and_leaves_nothing(sim: Any) -> None:
    await submit(sim, graph("[sim:queued]"), prompt_id=JOB)
    answer = await sim.http.post("/comfyui/queue", json={"delete": [JOB, "another"]})
    assert (answer.status_code, answer.content) == (200, b"")
    assert await sim.get("/comfyui/queue") == {"queue_running": [], "queue_pending": []}
    assert await sim.get(f"/comfyui/history/{JOB}") == {}


async def test_an_interrupt_stops_the_one_it_names(sim: Any) -> None:
    await sim.set(comfyui={"never_final_next": 1, "delay_seconds": 0})
    await submit(sim, graph(), prompt_id=JOB)
    await sim.until("/comfyui/queue", lambda queue: bool(queue["queue_running"]))
    await sim.http.post("/comfyui/interrupt", json={"prompt_id": "another"})
    assert (await sim.get("/comfyui/queue"))["queue_running"]
    assert (await sim.http.post("/comfyui/interrupt", json={"prompt_id": JOB})).content == b""
    entry = await ended(sim, JOB)
    assert entry["status"]["status_str"] == "error"
    assert entry["status"]["messages"][-1][0] == "execution_interrupted"


async def test_a_failure_says_what_happened_where(sim: Any) -> None:
    await submit(sim, graph("[sim:fail]"), prompt_id=JOB)
    event, said = (await ended(sim, JOB))["status"]["messages"][-1]
    assert event == "execution_error"
    assert (said["node_type"], said["exception_type"]) == ("SaveImage", "OutOfMemoryError")


async def test_the_history_is_paged_and_pruned(sim: Any) -> None:
    ids = [(await submit(sim, graph())).json()["prompt_id"] for _ in range(3)]
    await asyncio.gather(*(ended(sim, each) for each in ids))
    whole = list(await sim.get("/comfyui/history"))
    assert sorted(whole) == sorted(ids)
    assert list(await sim.get("/comfyui/history?max_items=2")) == whole[1:]
    assert list(await sim.get("/comfyui/history?max_items=1&offset=0")) == whole[:1]
    await sim.http.post("/comfyui/history", json={"delete": [whole[0]]})
    assert list(await sim.get("/comfyui/history")) == whole[1:]


@pytest.mark.parametrize(
    ("query", "status"),
    [("filename=none.png", 404), ("filename=../a", 400), ("filename=a&subfolder=../x", 403), ("", 400)],
)
async def test_a_file_that_cannot_be_shown(sim: Any, query: str, status: int) -> None:
    assert (await sim.http.get(f"/comfyui/view?{query}")).status_code == status


async def test_pages_of_other_origins_are_kept_out_and_nobody_needs_a_key(sim: Any) -> None:
    async with httpx.AsyncClient(base_url=sim.url) as nobody:
        assert (await nobody.get("/comfyui/system_stats")).json()["devices"]
        stranger = await nobody.get("/comfyui/queue", headers={"origin": "http://evil.invalid"})
        assert stranger.status_code == 403
        assert (await nobody.get("/comfyui/queue", headers={"origin": sim.url})).status_code == 200


async def test_nodes_are_described_as_they_are_checked(sim: Any) -> None:
    described = (await sim.get("/comfyui/object_info/KSampler"))["KSampler"]
    kind, limits = described["input"]["required"]["steps"]
    assert (kind, limits["min"], limits["max"]) == ("INT", 1, 10000)
    assert described["output"] == ["LATENT"]
    assert "SaveVideo" in await sim.get("/comfyui/object_info")

"""ComfyUI's answers about jobs: queue items, history entries (execution.py, PromptQueue)."""

from typing import Any

from simulator.comfyui_graph import NODES
from simulator.jobs import Job

SYSTEM = {
    "system": {
        "os": "posix", "ram_total": 68719476736, "ram_free": 51539607552, "comfyui_version": "0.3.64",
        "required_frontend_version": "1.27.10", "python_version": "3.12.7 (main)",
        "pytorch_version": "2.8.0+cu128", "embedded_python": False, "argv": ["main.py", "--listen"],
    },
    "devices": [
        {
            "name": "cuda:0 Simulated GPU", "type": "cuda", "index": 0, "vram_total": 25757220864,
            "vram_free": 24159191040, "torch_vram_total": 33554432, "torch_vram_free": 25165824,
        }
    ],
}  # fmt: skip


def queue_item(job: Job) -> list[Any]:
    """[number, prompt_id, graph, extra_data, output nodes]."""
    params = job.params
    return [params["number"], job.id, params["graph"], params["extra_data"], params["outputs"]]


def history_entry(job: Job) -> dict[str, Any]:
    """Prompt, outputs, status and meta of a finished job."""
    succeeded = job.state == "succeeded"
    meta = {
        node: {"node_id": node, "display_node": node, "parent_node": None, "real_node_id": node}
        for node in job.params["outputs"]
    }
    return {
        "prompt": queue_item(job),
        "outputs": _outputs(job) if succeeded else {},
        "status": {
            "status_str": "success" if succeeded else "error",
            "completed": succeeded,
            "messages": _messages(job),
        },
        "meta": meta if succeeded else {},
    }


def shown_name(job: Job, n: int) -> str:
    """What a result is called: prefix, counter, suffix."""
    plan = job.params["files"][n]
    return f"{plan['stem']}_{job.params['count']:05}_{n or ''}{plan['suffix']}"


def _outputs(job: Job) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for n, plan in enumerate(job.params["files"][: len(job.files)]):
        name = job.params["graph"][plan["node"]]["class_type"]
        file = {"filename": shown_name(job, n), "subfolder": plan["folder"], "type": plan["type"]}
        node = found.setdefault(plan["node"], {})
        node.setdefault(NODES[name].makes, []).append(file)
        if name == "SaveVideo":
            node["animated"] = [True]
    return found


def _messages(job: Job) -> list[list[Any]]:
    """What happened, with unix milliseconds."""
    began, ended = _milliseconds(job.started_at), _milliseconds(job.finished_at)
    start = ["execution_start", {"prompt_id": job.id, "timestamp": began}]
    cached = ["execution_cached", {"nodes": [], "prompt_id": job.id, "timestamp": began}]
    end = {"prompt_id": job.id, "timestamp": ended}
    if job.state == "succeeded":
        return [start, cached, ["execution_success", end]]
    node = job.params["outputs"][0]
    where = {"node_id": node, "node_type": job.params["graph"][node]["class_type"], "executed": []}
    if job.error is None:
        return [start, cached, ["execution_interrupted", {**end, **where}]]
    kind, text = job.error
    trace: dict[str, Any] = {"traceback": [], "current_inputs": {}, "current_outputs": []}
    error = {"exception_message": text, "exception_type": kind, **trace}
    return [start, cached, ["execution_error", {**end, **where, **error}]]


def _milliseconds(moment: float | None) -> int:
    return int((moment or 0.0) * 1000)

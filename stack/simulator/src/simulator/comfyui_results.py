"""What a workflow's output nodes make: kind, size and length as the nodes before them say."""

from typing import Any

from simulator.comfyui_graph import Graph
from simulator.jobs import Job
from simulator.render.spec import FRAME_RATE, AudioSpec, ImageSpec, MeshSpec, Result, Spec, VideoSpec

DEFAULT_SIDE = 512
DEFAULT_FRAMES = 81
DEFAULT_SECONDS = 10.0
_SUFFIXES = {
    "SaveImage": ".png", "PreviewImage": ".png", "SaveVideo": ".mp4", "SaveAudio": ".flac",
    "SaveAudioMP3": ".mp3", "SaveAudioOpus": ".opus", "SaveGLB": ".glb",
}  # fmt: skip


def planned(graph: Graph) -> list[dict[str, Any]]:
    """A JSON-able description of each file to be made, in the order of the output nodes."""
    return [each for node_id in graph.outputs for each in _planned(graph, node_id)]


def results(job: Job, image: bytes | None) -> list[Result]:
    """The files of a job, as they were planned."""
    return [Result(each["suffix"], _spec(job, each, n, image)) for n, each in enumerate(job.params["files"])]


def _planned(graph: Graph, node_id: str) -> list[dict[str, Any]]:
    name = graph.class_of(node_id)
    gif = graph.given(node_id, "format", "") == "image/gif"
    suffix = _SUFFIXES.get(name) or (".gif" if gif else ".mp4")
    prefix = str(graph.given(node_id, "filename_prefix", "ComfyUI"))
    folder, _, stem = prefix.rpartition("/")
    kind = "temp" if name == "PreviewImage" else "output"
    plan: dict[str, Any] = {"node": node_id, "suffix": suffix, "folder": folder, "stem": stem, "type": kind}
    scale = 2 ** sum(graph.class_of(each) == "LTXVLatentUpsampler" for each in graph.ancestors(node_id))
    plan |= {side: _side(graph, node_id, side, scale) for side in ("width", "height")}
    if suffix == ".png":
        return [plan] * int(_first(graph, node_id, "batch_size") or 1)
    if suffix in (".mp4", ".gif"):
        return [plan | {"seconds": _seconds(graph, node_id), "audio": _sounds(graph, node_id)}]
    return [plan | {"seconds": _first(graph, node_id, "seconds") or DEFAULT_SECONDS}]


def _side(graph: Graph, node_id: str, side: str, scale: int) -> int | None:
    found = _first(graph, node_id, side, f"custom_{side}")
    return None if found is None else int(found) * scale


def _seconds(graph: Graph, node_id: str) -> float:
    """Frames by their rate; else what is cut out of an input; else what a batch of pictures lasts."""
    rate = float(_first(graph, node_id, "fps", "frame_rate") or FRAME_RATE)
    frames = _first(graph, node_id, "length", "num_frames", "frame_num", "video_frames")
    if frames is None and (cut := _first(graph, node_id, "duration")):
        return float(cut)
    batch = _first(graph, node_id, "batch_size") or 1
    return float(frames or (batch if batch > 1 else DEFAULT_FRAMES)) / rate


def _first(graph: Graph, node_id: str, *names: str) -> Any:
    numbers = (each for each in graph.values(node_id, *names) if isinstance(each, int | float))
    return next(numbers, None)


def _sounds(graph: Graph, node_id: str) -> bool:
    return any(isinstance(graph.given(each, "audio", None), list) for each in graph.ancestors(node_id))


def _spec(job: Job, plan: dict[str, Any], n: int, image: bytes | None) -> Spec:
    look = f"{job.look}|{n}"
    if plan["suffix"] == ".glb":
        return MeshSpec(look=look)
    if plan["suffix"] in (".flac", ".mp3", ".opus"):
        return AudioSpec(seconds=plan["seconds"], look=look, text=job.prompt, style="music")
    width, height = job.size or (DEFAULT_SIDE, DEFAULT_SIDE)
    if plan["suffix"] == ".png":
        return ImageSpec(width=width, height=height, caption=job.prompt, look=look, image=image)
    frames = max(1, round(plan["seconds"] * FRAME_RATE))
    return VideoSpec(
        width=width, height=height, frames=frames, caption=job.prompt, look=look, image=image,
        audio=plan["audio"],
    )  # fmt: skip

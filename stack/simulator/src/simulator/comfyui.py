"""ComfyUI below `/comfyui`, every path also below `/comfyui/api`: workflows in a queue (providers.md 8)."""

import time
import uuid
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from simulator import comfyui_results
from simulator.comfyui_graph import NODES, Graph, GraphError
from simulator.comfyui_shapes import SYSTEM, history_entry, queue_item, shown_name
from simulator.files import FileStore, serve
from simulator.inputs import Kind, MediaInput
from simulator.intake import Intake
from simulator.jobs import Job
from simulator.render.spec import Result
from simulator.web import Handler, ProviderError, bearer, json_object, reply
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

EXAMPLE = "example.png"
"""Every installation has it among its inputs."""
MAX_UPLOAD_BYTES = 100 * 1024 * 1024
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_KINDS: dict[str, Kind] = {".mp4": "video", ".webm": "video", ".mov": "video", ".mp3": "audio", ".wav": "audio", ".flac": "audio", ".ogg": "audio", ".m4a": "audio"}  # fmt: skip  # noqa: E501
_FAILURES = {
    "fail": ("OutOfMemoryError", "Allocation on device would exceed allowed memory. (out of memory)"),
    "moderated": ("RuntimeError", "The node refused the content."),
    "expire": ("TimeoutError", "The node did not finish in time."),
    "input": ("UnidentifiedImageError", "cannot identify image file"),
    "render": ("RuntimeError", "The node failed."),
}


class ComfyUI:
    """The dialect of one's own servers: no keys, except that `bad-key` is refused as by a proxy in front."""

    name = "comfyui"

    def __init__(self, intake: Intake, files: FileStore) -> None:
        self._intake, self._files = intake, files
        self._uploads: dict[str, bytes] = {}
        """Folder and name to bytes."""

    def routes(self) -> list[Route]:
        """All paths below `/comfyui`, bare and below `api`."""
        plain: list[tuple[str, str, Handler]] = [
            ("POST", "/queue", self._change_queue),
            ("POST", "/interrupt", self._interrupt),
            ("POST", "/history", self._change_history),
            ("POST", "/upload/image", self._upload),
            ("POST", "/upload/mask", self._upload),
            ("POST", "/free", self._free),
            ("POST", "/prompt", self._create),
            ("GET", "/prompt", self._remaining),
            ("GET", "/view", self._view),
            ("GET", "/system_stats", self._system),
            ("GET", "/features", self._features),
            ("GET", "/models", self._models),
            ("GET", "/object_info", self._nodes),
            ("GET", "/object_info/{node}", self._nodes),
        ]
        polled: list[tuple[str, str, Handler]] = [
            ("GET", "/queue", self._queue),
            ("GET", "/history", self._history),
            ("GET", "/history/{id}", self._history_of),
        ]
        wrap, poll = self._intake.endpoint, self._intake.polling
        ready = [(method, path, poll(self, self._guarded(each))) for method, path, each in polled]
        ready += [(method, path, wrap(self, self._guarded(each))) for method, path, each in plain]
        return [
            Route(root + path, handler, methods=[method])
            for root in ("/comfyui", "/comfyui/api")
            for method, path, handler in ready
        ]

    def refuse(self, error: ProviderError) -> Response:
        """A graph's errors as JSON; anything else as aiohttp says it, in plain text."""
        if isinstance(error, GraphError):
            return reply(error.body, error.status)
        return Response(f"{error.status}: {error.message}", error.status, media_type="text/plain")

    def fault(self, status: int) -> ProviderError:
        """What the server, or a proxy in front of it, says with a status."""
        return ProviderError(status, "", "The request could not be answered.")

    def quota(self) -> ProviderError:
        """ComfyUI has no accounts; those who host it for money have."""
        return ProviderError(402, "", "Payment Required")

    def failure(self, reason: str) -> tuple[str, str]:
        """Type and message of the exception that ended the execution."""
        return _FAILURES[reason]

    def size(self, job: Job, image_size: tuple[int, int] | None) -> tuple[int, int]:
        """As the first file's nodes say, else the input image's; even."""
        first = job.params["files"][0]
        side = comfyui_results.DEFAULT_SIDE
        width, height = image_size or (side, side)
        return int(first["width"] or width) // 2 * 2, int(first["height"] or height) // 2 * 2

    def results(self, job: Job, image: bytes | None) -> list[Result]:
        """What the output nodes make."""
        return comfyui_results.results(job, image)

    def usage(self, job: Job) -> dict[str, object] | None:
        """It bills nobody; the log says how long it worked."""
        return {"seconds": round(time.time() - (job.started_at or time.time()), 3)}

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> Response:
            if bearer(request) == "bad-key":
                raise ProviderError(401, "", "Unauthorized")
            _check_origin(request)
            return await handler(request)

        return guarded

    async def _create(self, request: Request) -> Response:
        body = await json_object(request)
        return await self._intake.submit(request, self, lambda: self._job(request, body), self._accepted)

    def _job(self, request: Request, body: dict[str, Any] | None) -> Job:
        if body is None or "prompt" not in body:
            raise GraphError("no_prompt", "No prompt provided", "No prompt provided")
        graph = Graph(body["prompt"], lambda name: _plain(name) in self._uploads or name == EXAMPLE)
        number = float(body["number"]) if "number" in body else float(len(self._intake.store.log))
        extra = dict(body.get("extra_data") or {})
        if "client_id" in body:
            extra["client_id"] = body["client_id"]
        params = {
            "files": comfyui_results.planned(graph), "node_errors": graph.node_errors, "extra_data": extra,
            "number": -number if body.get("front") else number, "graph": body["prompt"],
            "outputs": graph.outputs, "count": len(self._intake.store.log) + 1,
        }  # fmt: skip
        job_id, prompt = _prompt_id(body), graph.prompt()
        return Job(
            self.name, job_id, graph.model(), prompt, time.time(), self._intake.base_url(request), params,
            f"{prompt}|{job_id}", inputs=[self._input(name) for name in graph.files()],
            correlation=extra.get("client_id"),
        )  # fmt: skip

    def _input(self, name: str) -> MediaInput:
        kind = _KINDS.get(PurePosixPath(_plain(name)).suffix.lower(), "image")
        return MediaInput(kind, f"input:{name}", self._uploads.get(_plain(name)))

    def _accepted(self, job: Job) -> Response:
        """200, also when some outputs were left out: `node_errors` says which."""
        params = job.params
        return reply({"prompt_id": job.id, "number": params["number"], "node_errors": params["node_errors"]})

    async def _remaining(self, request: Request) -> Response:
        del request
        return reply(
            {"exec_info": {"queue_remaining": len(self._jobs("queued")) + len(self._jobs("running"))}}
        )

    async def _queue(self, request: Request) -> Response:
        del request
        running = [queue_item(job) for job in self._jobs("running")]
        return reply(
            {"queue_running": running, "queue_pending": [queue_item(j) for j in self._jobs("queued")]}
        )

    async def _change_queue(self, request: Request) -> Response:
        """Only what waits can be taken out; an id that doesn't is passed over."""
        body = await json_object(request) or {}
        for job in self._jobs("queued"):
            if body.get("clear") or job.id in (body.get("delete") or ()):
                self._intake.runner.cancel(job)
        return Response()

    async def _interrupt(self, request: Request) -> Response:
        """The one with the given id if it runs; without an id, whatever runs."""
        body = await json_object(request) or {}
        for job in self._jobs("running"):
            if body.get("prompt_id") in (None, job.id):
                self._intake.runner.cancel(job)
        return Response()

    async def _history(self, request: Request) -> Response:
        """Oldest first; `max_items` alone gives the newest ones."""
        query, jobs = request.query_params, self._finished()
        most = _whole(query.get("max_items"), len(jobs))
        start = _whole(query.get("offset"), max(0, len(jobs) - most))
        return reply({job.id: history_entry(job) for job in jobs[start : start + most]})

    async def _history_of(self, request: Request) -> Response:
        wanted = request.path_params["id"]
        return reply({job.id: history_entry(job) for job in self._finished() if job.id == wanted})

    async def _change_history(self, request: Request) -> Response:
        body = await json_object(request) or {}
        for job in self._finished():
            if body.get("clear") or job.id in (body.get("delete") or ()):
                self._intake.runner.delete(job)
        return Response()

    async def _upload(self, request: Request) -> Response:
        """With `overwrite` under the name that was asked for, else under a free one."""
        form = await request.form()
        file, folder = form.get("image"), str(form.get("subfolder") or "")
        if not isinstance(file, UploadFile) or not file.filename or ".." in f"{folder}/{file.filename}":
            return Response(status_code=400)
        content = await file.read()
        if len(content) > MAX_UPLOAD_BYTES:
            raise ProviderError(413, "", "Request Entity Too Large")
        name, overwrite = PurePosixPath(file.filename), form.get("overwrite") in ("true", "1")
        free, n = name, 1
        while not overwrite and self._uploads.get(_join(folder, free.name), content) != content:
            free, n = name.with_stem(f"{name.stem} ({n})"), n + 1
        self._uploads[_join(folder, free.name)] = content
        return reply({"name": free.name, "subfolder": folder, "type": str(form.get("type") or "input")})

    async def _view(self, request: Request) -> Response:
        query = request.query_params
        name, folder, kind = query.get("filename"), query.get("subfolder", ""), query.get("type", "output")
        if not name or name.startswith("/") or ".." in name:
            return Response(status_code=400)
        if ".." in folder:
            return Response(status_code=403)
        data = self._uploads.get(_join(folder, name)) if kind == "input" else self._made(name, folder, kind)
        return Response(status_code=404) if data is None else serve(request, name, data)

    def _made(self, name: str, folder: str, kind: str) -> bytes | None:
        for job in self._finished():
            for n, stored in enumerate(job.files):
                plan = job.params["files"][n]
                if (shown_name(job, n), plan["folder"], plan["type"]) == (name, folder, kind):
                    return self._files.read(stored, self.name)
        return None

    async def _system(self, request: Request) -> Response:
        del request
        return reply(SYSTEM)

    async def _features(self, request: Request) -> Response:
        del request
        return reply({"supports_preview_metadata": True, "max_upload_size": MAX_UPLOAD_BYTES})

    async def _models(self, request: Request) -> Response:
        del request
        return reply(["checkpoints", "clip", "clip_vision", "diffusion_models", "loras", "vae"])

    async def _nodes(self, request: Request) -> Response:
        wanted = request.path_params.get("node")
        return reply({name: node.described(name) for name, node in NODES.items() if wanted in (None, name)})

    async def _free(self, request: Request) -> Response:
        del request
        return Response()

    def _jobs(self, state: str) -> list[Job]:
        found = reversed(self._intake.store.newest_first(self.name))
        return [job for job in found if job.state == state]

    def _finished(self) -> list[Job]:
        """What the history has, in order of ends: what was taken out of the queue never ran."""
        found = [job for job in self._intake.store.newest_first(self.name) if job.final and job.started_at]
        return sorted(found, key=lambda job: job.finished_at or 0.0)


def _prompt_id(body: dict[str, Any]) -> str:
    given = body.get("prompt_id")
    if given is None:
        return str(uuid.uuid4())
    try:
        canonical = str(uuid.UUID(given)) == given
    except (ValueError, AttributeError, TypeError):
        canonical = False
    if not canonical:
        text = "prompt_id must be a canonical lower-case UUID"
        raise GraphError("invalid_prompt_id", text, f"prompt_id: {given}")
    return str(given)


def _check_origin(request: Request) -> None:
    """A page of another origin can't drive a server on loopback."""
    origin, host = request.headers.get("origin"), request.headers.get("host", "")
    if not origin or urlsplit(f"//{host}").hostname not in _LOOPBACK:
        return
    if urlsplit(origin).netloc != host:
        raise ProviderError(403, "", "Forbidden")


def _plain(name: str) -> str:
    """A file's name without the folder type that may follow it."""
    return name.removesuffix(" [input]")


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _whole(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else default

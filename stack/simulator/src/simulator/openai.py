"""OpenAI below `/openai/v1`: videos, images, speech, transcriptions, chat, models, webhook endpoints."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from simulator import openai_audio, openai_chat, openai_shape, openai_videos
from simulator.files import FileStore
from simulator.intake import Intake
from simulator.jobs import Job
from simulator.openai_audio import Speech, Transcriptions
from simulator.openai_chat import Chat
from simulator.openai_images import Images
from simulator.openai_part import Part
from simulator.openai_shape import FAILURES, authenticate, no_such_model
from simulator.openai_videos import Videos
from simulator.openai_webhooks import Webhooks
from simulator.render.spec import Result
from simulator.web import Handler, ProviderError, reply
from simulator.webhooks import Notice
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_IMAGE_MODELS = ("gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5", "gpt-image-2", "chatgpt-image-latest")
MODELS = (
    *openai_videos.SIZES, *_IMAGE_MODELS, *openai_audio.SPEAKERS, *openai_audio.FORMATS, *openai_chat.MODELS,
)  # fmt: skip
_CREATED = 1_750_000_000


class OpenAI:
    """The dialect, and those who speak its parts."""

    name = "openai"

    def __init__(self, intake: Intake, files: FileStore, webhooks: Webhooks) -> None:
        self._intake, self._webhooks = intake, webhooks
        self._videos, self._images = Videos(intake, files), Images(intake, files)
        self._speech, self._transcriptions = Speech(intake, files), Transcriptions(intake, files)
        self._chat = Chat(intake, files)
        parts: list[Part] = [self._videos, self._images, self._speech, self._transcriptions, self._chat]
        self._parts = {part.kind: part for part in parts}

    def routes(self) -> list[Route]:
        """All paths below `/openai`."""
        root = "/openai/v1"
        return [
            self._read(f"{root}/videos/{{id}}", self._videos.get),
            self._do("POST", f"{root}/videos", self._videos.create),
            self._read(f"{root}/videos", self._videos.list),
            self._do("GET", f"{root}/videos/{{id}}/content", self._videos.content),
            self._do("DELETE", f"{root}/videos/{{id}}", self._videos.delete),
            self._do("POST", f"{root}/videos/{{id}}/remix", self._videos.create_remix),
            self._do("POST", f"{root}/images/generations", self._images.generate),
            self._do("POST", f"{root}/images/edits", self._images.edit),
            Route("/openai/files/{name}", self._images.file, methods=["GET"]),
            self._do("POST", f"{root}/audio/speech", self._speech.create),
            self._do("POST", f"{root}/audio/transcriptions", self._transcriptions.create),
            self._do("POST", f"{root}/chat/completions", self._chat.create),
            self._do("GET", f"{root}/models", _models),
            self._do("GET", f"{root}/models/{{id}}", _model),
            *self._webhook_routes(f"{root}/webhook_endpoints"),
        ]

    def _webhook_routes(self, root: str) -> list[Route]:
        return [
            self._do("POST", root, self._webhooks.create),
            self._do("GET", root, self._webhooks.list),
            self._do("GET", f"{root}/{{id}}", self._webhooks.get),
            self._do("POST", f"{root}/{{id}}", self._webhooks.update),
            self._do("DELETE", f"{root}/{{id}}", self._webhooks.delete),
            self._do("POST", f"{root}/{{id}}/rotate_secret", self._webhooks.rotate),
            self._do("POST", f"{root}/{{id}}/test", self._webhooks.test),
        ]

    def refuse(self, error: ProviderError) -> Response:
        """`{"error": {message, type, param, code}}`."""
        return openai_shape.refuse(error)

    def fault(self, status: int) -> ProviderError:
        """The code that OpenAI has for a status."""
        return openai_shape.fault(status)

    def quota(self) -> ProviderError:
        """No credits left."""
        return openai_shape.quota()

    def failure(self, reason: str) -> tuple[str, str]:
        """What `error` says in a failed video."""
        return FAILURES[reason]

    def size(self, job: Job, image_size: tuple[int, int] | None) -> tuple[int, int]:
        """As asked; sound and text have none."""
        del image_size
        return openai_videos.size(job) if "size" in job.params else (0, 0)

    def results(self, job: Job, image: bytes | None) -> list[Result]:
        """By the API that was called."""
        return self._parts[job.params["kind"]].results(job, image)

    def usage(self, job: Job) -> dict[str, object] | None:
        """By the API that was called."""
        return self._parts[job.params["kind"]].usage(job)

    def announce(self, job: Job) -> list[Notice]:
        """Videos are told of when they are final."""
        return self._webhooks.announce(job)

    def _read(self, path: str, handler: Handler) -> Route:
        return Route(path, _with_headers(self._intake.polling(self, handler)), methods=["GET"])

    def _do(self, method: str, path: str, handler: Handler) -> Route:
        return Route(path, _with_headers(self._intake.endpoint(self, handler)), methods=[method])


def _with_headers(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """The headers that go with every answer, refusals included."""

    async def answered(request: Request) -> Response:
        began = time.monotonic()
        answer = await handler(request)
        answer.headers.update(openai_shape.headers(began))
        return answer

    return answered


async def _models(request: Request) -> Response:
    authenticate(request)
    return reply({"object": "list", "data": [_document(each) for each in MODELS]})


async def _model(request: Request) -> Response:
    authenticate(request)
    model = request.path_params["id"]
    if model not in MODELS:
        raise no_such_model(model)
    return reply(_document(model))


def _document(model: str) -> dict[str, Any]:
    return {"id": model, "object": "model", "created": _CREATED, "owned_by": "openai"}

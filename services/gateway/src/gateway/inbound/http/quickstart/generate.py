"""`POST /api/generate`, `POST /api/generate-image`, `POST /api/generate-v2v`: jobs to poll."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from contracts.ids import task_text
from starlette.requests import Request
from starlette.responses import Response

from gateway.db.keys import Caller
from gateway.domain import quickstart
from gateway.domain.admission import Submission
from gateway.domain.problem import Problem
from gateway.domain.uploads import upload_from_text
from gateway.inbound.http import bodies
from gateway.inbound.http.bodies import Body
from gateway.inbound.http.file_links import FileLinks
from gateway.inbound.http.numbers import credits_number
from gateway.inbound.http.openapi import quickstart_jobs as described
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.orders import Orders, Words
from gateway.inbound.http.quickstart.sent_files import SentFiles

MOST_IMAGES = 10
VIDEOS = Words(
    kinds=quickstart.VIDEO_KINDS,
    places=quickstart.PLACES,
    noun="videos",
    own=frozenset({"project_id"}),
    listed_at="/api/models",
    names=quickstart.NAMES,
)
_IMAGES = Words(
    kinds=quickstart.IMAGE_KINDS,
    places={name: quickstart.PLACES[name] for name in ("input_image",)},
    noun="images",
    own=frozenset({"n", "project_id"}),
    listed_at="/api/image-models",
    names=quickstart.NAMES,
)


@dataclass(frozen=True, slots=True)
class Generate:
    """The routes. They answer 200, a replay to the byte."""

    orders: Orders
    sent_files: SentFiles
    links: FileLinks
    json_limit: int

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        return [
            Operation("POST", "/api/generate", self.video, described.generate()),
            Operation("POST", "/api/generate-image", self.image, described.generate_image(MOST_IMAGES)),
            Operation("POST", "/api/generate-v2v", self.restyle, described.generate_v2v()),
        ]

    async def video(self, request: Request) -> Response:
        """One job."""
        caller, body = await self.sent(request)
        slug = body.fields.get("model") or quickstart.default_model(body.fields)
        body = await self.addressed(request, caller, body)
        taken = await self.orders(request, caller, body, VIDEOS, slug=slug, answer=_job)
        return answered(taken.receipt.answer, replayed=taken.replayed)

    async def image(self, request: Request) -> Response:
        """`n` jobs, all or none; a seed that is given counts up from one to the next."""
        caller, body = await self.sent(request)
        slug = body.fields.get("model") or quickstart.DEFAULT_IMAGE
        count = _count(body.fields.get("n"))
        body = await self.addressed(request, caller, body)
        taken = await self.orders(
            request, caller, body, _IMAGES, slug=slug, count=count, answer=_jobs, vary=_next_seed
        )
        return answered(taken.receipt.answer, replayed=taken.replayed)

    async def restyle(self, request: Request) -> Response:
        """One job whose price follows the length of the video."""
        caller, body = await self.sent(request)
        if body.fields.get("model") not in {None, quickstart.V2V}:
            raise Problem(400, "invalid", f"model must be {quickstart.V2V}", param="model")
        body = await self._measured(request, caller, body)
        taken = await self.orders(request, caller, body, VIDEOS, slug=quickstart.V2V, answer=_job)
        return answered(taken.receipt.answer, replayed=taken.replayed)

    async def sent(self, request: Request) -> tuple[Caller, Body]:
        """Who asks, and for what. Raises Problem."""
        caller = await self.orders.admit.identify(request)
        body = await bodies.read(request, json_limit=self.json_limit, file_limit=0)
        if body.fields.get("project_id") is not None:
            message = "project_id can't be given: there are no projects here. Leave it out."
            raise Problem(400, "projects_unsupported", message, param="project_id")
        return caller, body

    async def addressed(self, request: Request, caller: Caller, body: Body) -> Body:
        """The body with addresses for file names. Raises Problem 404."""
        at = self.links.at(request)
        return replace(body, fields=await self.sent_files.addressed(caller.account_id, body.fields, at))

    async def _measured(self, request: Request, caller: Caller, body: Body) -> Body:
        """What is restyled is the whole video, unless `seconds` says how much of it."""
        name = body.fields.get("video_filename")
        if not isinstance(name, str) or not name:
            raise Problem(400, "required", "video_filename is required", param="video_filename")
        if name.lower().startswith(("http://", "https://", "data:")) or upload_from_text(name) is not None:
            return await self.addressed(request, caller, body)
        at = self.links.at(request)
        found = await self.sent_files.named(caller.account_id, name, at, "video_filename")
        fields = {**body.fields, "video_filename": found.url}
        if body.fields.get("seconds") is None and "duration_ms" in found.asset:
            fields["seconds"] = max(1, math.ceil(found.asset["duration_ms"] / 1000))
        return replace(body, fields=fields)


def _count(given: Any) -> int:
    if given is None:
        return 1
    if not isinstance(given, int) or isinstance(given, bool) or not 1 <= given <= MOST_IMAGES:
        raise Problem(400, "out_of_range", f"n must be a whole number from 1 to {MOST_IMAGES}", param="n")
    return given


def _next_seed(given: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    seed = given.get("seed")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        return given
    return {**given, "seed": seed + number}


def _job(submissions: Sequence[Submission]) -> bytes:
    [made] = submissions
    return orjson.dumps(
        {
            "job_id": task_text(made.task_id),
            "status": "queued",
            "model": made.model,
            "credit_cost": credits_number(made.quote_micro),
        }
    )


def _jobs(submissions: Sequence[Submission]) -> bytes:
    return orjson.dumps(
        {
            "job_ids": [task_text(each.task_id) for each in submissions],
            "status": "queued",
            "model": submissions[0].model,
            "credit_cost": credits_number(sum(each.quote_micro for each in submissions)),
        }
    )


def answered(answer: bytes | None, *, replayed: bool = False) -> Response:
    """200 with a body that is written already."""
    headers = {"Cache-Control": "no-store"}
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    return Response(answer, headers=headers, media_type="application/json")

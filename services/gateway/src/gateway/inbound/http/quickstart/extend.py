"""`POST /api/extend-video`: the last frame of a finished video, and a video that goes on from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import orjson
from contracts.ids import task_text
from runtime.db import Database
from starlette.requests import Request
from starlette.responses import Response

from gateway.db import generations, videos
from gateway.db.keys import Caller
from gateway.domain import quickstart
from gateway.domain.admission import Submission
from gateway.domain.problem import Problem
from gateway.domain.uploads import SCHEME, upload_text
from gateway.inbound.http.bodies import Body
from gateway.inbound.http.file_links import FileLinks
from gateway.inbound.http.numbers import credits_number
from gateway.inbound.http.openapi import quickstart_jobs as described
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.quickstart.generate import VIDEOS, Generate, answered
from gateway.inbound.http.quickstart.input_images import brought
from gateway.inbound.http.quickstart.sent_files import asset_named, task_of
from gateway.usecases.take_last_frame import TakeLastFrame

_OWN = ("video_filename", "generation_id")
_NO_JOB = {"job_id": None, "status": None, "model": None, "credit_cost": None}


@dataclass(frozen=True, slots=True)
class Extend:
    """The route. Unless more is said than which video, it answers with the frame alone: an `input_image`."""

    generate: Generate
    db: Database
    frame: TakeLastFrame
    links: FileLinks

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        return [Operation("POST", "/api/extend-video", self.extend, described.extend_video())]

    async def extend(self, request: Request) -> Response:
        """The frame's name, and the job that was asked for. The frame counts as a submit too."""
        caller, body = await self.generate.sent(request)
        if "input_image" in body.fields:
            message = "input_image can't be given: it is the video's last frame. Leave it out."
            raise Problem(400, "unknown_field", message, param="input_image")
        await self.generate.orders.admit.permit(request, caller, "write", "submits")
        row = await self._row(caller, body.fields)
        asset = _video(row, body.fields)
        made = await self.frame(caller, asset["token"], "video_filename")
        numbers = await generations.numbers(self.db.pool, caller.account_id, [row["id"]])
        shown = {**brought(made, self.links.at(request)), "generation_id": numbers.get(row["id"])}
        said = {name: value for name, value in body.fields.items() if name not in _OWN}
        if not said:
            return answered(orjson.dumps({**shown, **_NO_JOB}))
        said["input_image"] = SCHEME + upload_text(made.id)
        body = await self.generate.addressed(request, caller, replace(body, fields=said))
        return await self._queue(request, caller, body, shown)

    async def _queue(
        self, request: Request, caller: Caller, body: Body, shown: Mapping[str, Any]
    ) -> Response:
        slug = body.fields.get("model") or quickstart.DEFAULT_FROM_IMAGE
        orders = self.generate.orders
        taken = await orders(request, caller, body, VIDEOS, slug=slug, answer=partial(_job, shown))
        return answered(taken.receipt.answer, replayed=taken.replayed)

    async def _row(self, caller: Caller, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """The task of the video. Raises Problem 400, 404."""
        name, number = fields.get("video_filename"), fields.get("generation_id")
        if number is not None:
            row = await self._generation(caller, number)
            if name is not None and row["status"] == "succeeded" and asset_named(row, str(name)) is None:
                raise _no_file(str(name))
            return row
        if not isinstance(name, str) or not name:
            message = "video_filename or generation_id is required"
            raise Problem(400, "required", message, param="video_filename")
        task_id = task_of(name)
        found = None if task_id is None else await videos.one(self.db.pool, caller.account_id, task_id)
        if found is None or (found["status"] == "succeeded" and asset_named(found, name) is None):
            raise _no_file(name)
        return found

    async def _generation(self, caller: Caller, number: Any) -> Mapping[str, Any]:
        known = isinstance(number, int) and not isinstance(number, bool) and 0 < number < 2**31
        slugs = list(self.generate.orders.catalog.models)
        row = await generations.one(self.db.pool, caller.account_id, number, slugs) if known else None
        if row is None:
            message = f"There is no generation {str(number)[:100]}."
            raise Problem(404, "generation_not_found", message, param="generation_id")
        return row


def _video(row: Mapping[str, Any], fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is to go on: the file that is named, or the generation's first video. Raises Problem 400."""
    name = fields.get("video_filename")
    param = "generation_id" if name is None else "video_filename"
    if row["status"] != "succeeded":
        raise Problem(400, "not_completed", "Only a completed video can be extended.", param=param)
    if name is not None:
        asset = asset_named(row, name)
    else:
        asset = next((each for each in row["assets"] or () if each["kind"] == "video"), None)
    if asset is None or asset["kind"] != "video":
        raise Problem(400, "not_a_video", "Only a video can be extended.", param=param)
    return asset


def _no_file(name: str) -> Problem:
    return Problem(404, "file_not_found", f"You have no file {name[:100]!r}.", param="video_filename")


def _job(shown: Mapping[str, Any], submissions: Sequence[Submission]) -> bytes:
    [made] = submissions
    job = {
        "job_id": task_text(made.task_id),
        "status": "queued",
        "model": made.model,
        "credit_cost": credits_number(made.quote_micro),
    }
    return orjson.dumps({**shown, **job})

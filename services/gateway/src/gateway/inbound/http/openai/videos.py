"""`/v1/videos`: create, retrieve, list, delete, content, remix, as openai 3.52.0 calls them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import orjson
from contracts.ids import task_from_text, task_text
from runtime.db import Database
from starlette.requests import Request
from starlette.responses import Response

from gateway.db import links, videos
from gateway.db.keys import Caller
from gateway.domain import openai
from gateway.domain.field_words import Placed, Properties, named_as
from gateway.domain.problem import Problem
from gateway.domain.projection import FINAL
from gateway.domain.uploads import SCHEME, upload_text
from gateway.inbound.http import bodies
from gateway.inbound.http.bodies import Body
from gateway.inbound.http.file_links import FileLinks
from gateway.inbound.http.files import Files
from gateway.inbound.http.openai import documents
from gateway.inbound.http.openapi import openai as described
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.orders import Orders, Words
from gateway.inbound.http.query import Query
from gateway.usecases.delete_tasks import DeleteTasks
from gateway.usecases.keep_upload import Claim, KeepUpload, whole

PATH = "/v1/videos"
DEFAULT_MODEL = "sora-2"
POLL_AFTER = {"openai-poll-after-ms": "2000", "Cache-Control": "no-store"}
_VARIANTS = {"video": ("video",), "thumbnail": ("image",), "spritesheet": ()}


def _reference(properties: Properties, value: Any) -> Placed | None:
    """A URL, a data URI, or `{"image_url": …}`."""
    if isinstance(value, dict):
        value = value.get("image_url")
    return named_as(*openai.REFERENCE)(properties, value) if isinstance(value, str) else None


WORDS = Words(
    kinds=frozenset({"video"}),
    places={
        "prompt": named_as(*openai.PROMPT),
        "seconds": openai.place_seconds,
        "size": openai.place_size,
        "input_reference": _reference,
    },
    noun="videos",
)


@dataclass(frozen=True, slots=True)
class Videos:
    """The routes."""

    orders: Orders
    db: Database
    files: Files
    delete_tasks: DeleteTasks
    keep: KeepUpload
    links: FileLinks
    json_limit: int
    file_limit: int

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        one = f"{PATH}/{{video_id}}"
        return [
            Operation("POST", PATH, self.create, described.create_video()),
            Operation("GET", PATH, self.page, described.list_videos()),
            Operation("GET", one, self.retrieve, described.retrieve_video()),
            Operation("DELETE", one, self.delete, described.delete_video()),
            Operation("GET", f"{one}/content", self.content, described.video_content()),
            Operation("POST", f"{one}/remix", self.remix, described.remix_video()),
        ]

    async def create(self, request: Request) -> Response:
        """A new video, or the one that the same Idempotency-Key made."""
        caller = await self.orders.admit.identify(request)
        body = await self._body(request, caller)
        slug = body.fields.get("model") or DEFAULT_MODEL
        taken = await self.orders(request, caller, body, WORDS, slug=slug)
        return await self._created(caller, taken.receipt.task_ids[0])

    async def retrieve(self, request: Request) -> Response:
        """One video."""
        caller = await self.orders.admit(request)
        return _json(documents.video(await self._row(request, caller)))

    async def page(self, request: Request) -> Response:
        """The account's videos: `after`, `limit` (1-100), `order`."""
        caller = await self.orders.admit(request)
        query = Query(request)
        limit = query.whole("limit", 20, 1, 100)
        order = query.choices("order", ("asc", "desc"))
        after = query.check("after", query.text("after"), task_from_text, "is no id of a video")
        query.finish()
        models = [each.slug for each in self.orders.catalog.models.values() if each.kind in WORDS.kinds]
        rows = await videos.page(
            self.db.pool, caller.account_id, models, after, limit + 1, oldest_first=order == ["asc"]
        )
        shown = [documents.video(row) for row in rows[:limit]]
        return _json(documents.listed(shown, has_more=len(rows) > limit))

    async def delete(self, request: Request) -> Response:
        """Only what is over can be deleted."""
        caller = await self.orders.admit(request)
        row = await self._row(request, caller)
        if row["status"] not in FINAL:
            message = "This video is still being made. Wait for its end, or cancel the task."
            raise Problem(409, "video_not_final", message, param="video_id")
        await self.delete_tasks([row["id"]])
        return _json({"id": task_text(row["id"]), "object": "video.deleted", "deleted": True})

    async def content(self, request: Request) -> Response:
        """The bytes: the video, or a still of it where the task has one."""
        caller = await self.orders.admit(request)
        row = await self._row(request, caller)
        variant = request.query_params.get("variant", "video")
        if variant not in _VARIANTS:
            told = ", ".join(_VARIANTS)
            raise Problem(400, "invalid_value", f"variant must be one of: {told}", param="variant")
        if row["status"] != "succeeded":
            message = f"The video has no content: it is {documents.STATUSES[row['status']]}."
            raise Problem(404, "video_not_ready", message, param="video_id")
        asset = _asset(row, variant)
        link = await links.find(self.db.pool, asset["token"]) if asset else None
        if link is None:
            raise Problem(404, "variant_not_found", f"There is no {variant} of this video.", param="variant")
        return await self.files.send(request, link)

    async def remix(self, request: Request) -> Response:
        """A new video from a finished one, where its model takes videos."""
        caller = await self.orders.admit.identify(request)
        body = await self._body(request, caller)
        row = await self._row(request, caller)
        fields = self._remixed(request, row, body.fields)
        taken = await self.orders(request, caller, replace(body, fields=fields), WORDS, slug=row["model"])
        return await self._created(caller, taken.receipt.task_ids[0])

    def _remixed(self, request: Request, row: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        asset = documents.first_asset(row, "video")
        model = self.orders.catalog.get(row["model"])
        known = model.schema["properties"] if model else {}
        source = next((name for name in openai.SOURCE_VIDEO if name in known), None)
        if source is None:
            raise Problem(400, "remix_unsupported", f"{row['model']} can't remix videos.", param="video_id")
        if row["status"] != "succeeded" or asset is None:
            raise Problem(400, "video_not_ready", "Only a completed video can be remixed.", param="video_id")
        url = self.links.url(request, asset["token"], asset["file_name"])
        placed = named_as(source)(known, url) or {}
        text = task_text(row["id"])
        kept = {name: row["input"][name] for name in _KEPT if name in row["input"]}
        return {**kept, **given, **placed, "metadata": {"remixed_from_video_id": text}}

    async def _body(self, request: Request, caller: Caller) -> Body:
        """With the reference that came as a file as the name of an upload."""
        body = await bodies.read(request, json_limit=self.json_limit, file_limit=self.file_limit)
        if unknown := body.files.keys() - {"input_reference"}:
            raise Problem(400, "unknown_parameter", "is no file of this request", param=min(unknown))
        reference = body.files.get("input_reference")
        if reference is None:
            return body
        claim = Claim(caller.account_id, caller.tier, reference.name, param="input_reference")
        upload = await self.keep(claim, whole(reference.content))
        return replace(body, fields={**body.fields, "input_reference": SCHEME + upload_text(upload.id)})

    async def _created(self, caller: Caller, task_id: UUID) -> Response:
        row = await videos.one(self.db.pool, caller.account_id, task_id)
        if row is None:
            raise Problem(409, "video_deleted", "The video of this Idempotency-Key was deleted.")
        return _json(documents.video(row))

    async def _row(self, request: Request, caller: Caller) -> dict[str, Any]:
        text = request.path_params["video_id"]
        task_id = task_from_text(text)
        row = None if task_id is None else await videos.one(self.db.pool, caller.account_id, task_id)
        if row is None or row["model"] not in self.orders.catalog.models:
            raise Problem(404, "video_not_found", f"There is no video {text[:100]!r}.", param="video_id")
        return row


_KEPT: Sequence[str] = ("resolution", "duration", "aspect_ratio", "size", "generate_audio")


def _asset(row: Mapping[str, Any], variant: str) -> Mapping[str, Any] | None:
    if variant == "video":
        return documents.first_asset(row, "video")
    return next((each for each in row["assets"] or () if each["kind"] in _VARIANTS[variant]), None)


def _json(document: Mapping[str, Any]) -> Response:
    return Response(orjson.dumps(document), headers=POLL_AFTER, media_type="application/json")

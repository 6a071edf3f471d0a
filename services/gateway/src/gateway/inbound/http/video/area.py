"""`POST /api/v1/video/generate`, `GET /api/v1/video/list`, `…/{uuid}/status`, `GET /api/v1/config/models`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import orjson
from catalog.model import Model
from contracts.ids import task_from_text, task_text
from runtime.db import Database
from starlette.requests import Request
from starlette.responses import Response

from gateway.db import task_lists, videos
from gateway.db.task_lists import Filters
from gateway.domain import cursors, video_words
from gateway.domain.admission import Submission
from gateway.domain.problem import Problem
from gateway.inbound.http import bodies
from gateway.inbound.http.bodies import Body
from gateway.inbound.http.documents import error_of
from gateway.inbound.http.file_links import FileLinks
from gateway.inbound.http.numbers import credits_number, time_text
from gateway.inbound.http.openai.documents import first_asset
from gateway.inbound.http.openapi import video as described
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.orders import Orders, Words
from gateway.inbound.http.query import Query
from gateway.usecases.check_request import CheckRequest

SURFACE = "video"
_PATH, _MODELS = "/api/v1/video", "/api/v1/config/models"
_MOST_OUTPUTS = 4
_KINDS = frozenset({"video"})
_OWN = frozenset({"mode", "outputNumber", "imageUrl"})
_USUAL_SECONDS = 60


@dataclass(frozen=True, slots=True)
class VideoRoutes:
    """The routes; `secret` signs the list's cursors."""

    orders: Orders
    db: Database
    check: CheckRequest
    links: FileLinks
    json_limit: int
    secret: bytes

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        return [
            Operation("POST", f"{_PATH}/generate", self.generate, described.generate(_MOST_OUTPUTS)),
            Operation("GET", f"{_PATH}/list", self.page, described.page()),
            Operation("GET", f"{_PATH}/{{uuid}}/status", self.status, described.status()),
            Operation("GET", _MODELS, self.models, described.models()),
        ]

    async def generate(self, request: Request) -> Response:
        """`outputNumber` videos, all or none; 200, a replay to the byte."""
        caller = await self.orders.admit.identify(request)
        body = await bodies.read(request, json_limit=self.json_limit, file_limit=0)
        mode, count = _mode(body.fields), _count(body.fields.get("outputNumber"))
        if found := video_words.images(body.fields):
            body = replace(body, fields={**body.fields, "imageUrls": found})
        taken = await self.orders(
            request,
            caller,
            body,
            _words(mode),
            slug=_required(body),
            count=count,
            answer=partial(self._accepted, caller.asset),
        )
        headers = {"Cache-Control": "no-store"} | ({"Idempotent-Replayed": "true"} if taken.replayed else {})
        return Response(taken.receipt.answer, headers=headers, media_type="application/json")

    async def page(self, request: Request) -> Response:
        """The account's videos, newest first; a page may be short while `nextCursor` leads on."""
        caller = await self.orders.admit(request)
        query = Query(request)
        limit = query.whole("limit", 20, 1, 100)
        wanted = query.choices("status", video_words.STATUSES)
        text = f"{SURFACE} {sorted(wanted)}"
        read = partial(cursors.decode, account_id=caller.account_id, filters=text, secret=self.secret)
        after = query.check("cursor", query.text("cursor"), read, "is not a cursor of this list")
        query.finish()
        statuses = [each for name in wanted for each in video_words.task_statuses(name)]
        page = await task_lists.page(self.db.pool, caller.account_id, Filters(statuses), after, limit)
        rows = await videos.several(self.db.pool, caller.account_id, [row["id"] for row in page.rows])
        shown = [self._video(request, rows[each["id"]]) for each in page.rows if each["id"] in rows]
        known = [each for each in shown if each is not None and (not wanted or each["status"] in wanted)]
        following = None
        if page.after is not None:
            following = cursors.encode(page.after, caller.account_id, text, self.secret)
        return _json({"videos": known, "nextCursor": following})

    async def status(self, request: Request) -> Response:
        """How a video stands."""
        caller = await self.orders.admit(request)
        text = request.path_params["uuid"]
        task_id = task_from_text(text)
        row = None if task_id is None else await videos.one(self.db.pool, caller.account_id, task_id)
        shown = None if row is None else self._video(request, row)
        if shown is None:
            raise Problem(404, "video_not_found", f"There is no video {text[:100]!r}.", param="uuid")
        return _json(shown)

    async def models(self, request: Request) -> Response:
        """The models that make videos, with what each takes."""
        caller = await self.orders.admit(request)
        Query(request).finish()
        found = [each for each in self.orders.catalog.models.values() if each.kind in _KINDS]
        shown = [_model(each, available=self.check.available(each.slug, caller.asset)) for each in found]
        return _json({"models": shown})

    def _accepted(self, asset: str, submissions: Sequence[Submission]) -> bytes:
        first = submissions[0]
        model = self.orders.catalog.models[first.model]
        route = self.check.route(first.model, asset, first.input)
        usual = route.poll.usual_seconds or _USUAL_SECONDS
        ids = [task_text(each.task_id) for each in submissions]
        data = {
            "videoUuid": ids[0],
            "videoUuids": ids,
            "taskId": ids[0],
            "model": model.slug,
            "provider": route.provider,
            "status": "PENDING",
            "estimatedTime": round(usual),
            "creditsUsed": credits_number(sum(each.quote_micro for each in submissions)),
        }
        return orjson.dumps({"success": True, "data": data})

    def _video(self, request: Request, row: Mapping[str, Any]) -> dict[str, Any] | None:
        model = self.orders.catalog.get(row["model"])
        if model is not None and model.kind not in _KINDS:
            return None
        asset = first_asset(row, "video")
        failed = row["status"] in {"failed", "cancelled"}
        charged = row["charged_micro"]
        return {
            "videoUuid": task_text(row["id"]),
            "taskId": task_text(row["id"]),
            "model": row["model"],
            "prompt": (row["input"] or {}).get("prompt"),
            "status": video_words.status(row),
            "progress": 100 if row["status"] == "succeeded" else row["percent"] or 0,
            "videoUrl": None if asset is None else self.links.at(request).file(asset),
            "error": error_of(row)["message"] if failed else None,
            "creditsUsed": credits_number(row["quote_micro"] if charged is None else charged),
            "createdAt": time_text(row["requested_at"]),
            "completedAt": time_text(row["finished_at"]),
        }


def _words(mode: str | None) -> Words:
    return Words(
        kinds=_KINDS,
        places=video_words.places(mode),
        noun="videos",
        own=_OWN,
        listed_at=_MODELS,
        names=video_words.NAMES,
    )


def _required(body: Body) -> Any:
    slug = video_words.slug(body.fields)
    if not slug:
        raise Problem(400, "required", "model is required", param="model")
    return slug


def _mode(fields: Mapping[str, Any]) -> str | None:
    mode, count = fields.get("mode"), len(video_words.images(fields))
    if mode is None:
        return None
    if not isinstance(mode, str) or mode not in video_words.MODES:
        raise Problem(400, "invalid", f"mode must be one of: {', '.join(video_words.MODES)}", param="mode")
    least = video_words.MODES[mode]
    if count < least or (least == 0 and count):
        wanted = "at least one image" if least else "no image"
        raise Problem(400, "invalid", f"mode {mode} takes {wanted}", param="mode")
    return str(mode)


def _count(given: Any) -> int:
    if given is None:
        return 1
    if not isinstance(given, int) or isinstance(given, bool) or not 1 <= given <= _MOST_OUTPUTS:
        message = f"outputNumber must be a whole number from 1 to {_MOST_OUTPUTS}"
        raise Problem(400, "out_of_range", message, param="outputNumber")
    return given


def _model(model: Model, *, available: bool) -> dict[str, Any]:
    properties = model.schema["properties"]
    images = {"image_url", "image_urls", "image_with_roles"} & properties.keys()
    return {
        "id": model.slug,
        "name": model.title,
        "description": model.description,
        "provider": model.routes[0].provider,
        "available": available,
        "minimumTier": model.minimum_tier,
        "supportImageToVideo": bool(images),
        "supportAudio": bool({"generate_audio", "audio"} & properties.keys()),
        "aspectRatios": properties.get("aspect_ratio", {}).get("enum", []),
        "qualities": properties.get("resolution", {}).get("enum", []),
        "durations": _durations(properties.get("duration", {})),
        "credits": credits_number(model.quote(model.with_defaults({})).micro),
    }


def _durations(schema: Mapping[str, Any]) -> list[int]:
    if "enum" in schema:
        return list(schema["enum"])
    return list(range(schema["minimum"], schema["maximum"] + 1)) if "minimum" in schema else []


def _json(data: Mapping[str, Any]) -> Response:
    answer = orjson.dumps({"success": True, "data": data})
    return Response(answer, headers={"Cache-Control": "no-store"}, media_type="application/json")

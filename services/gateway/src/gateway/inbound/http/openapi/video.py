"""How `/api/v1/video…` and `/api/v1/config/models` are described in the OpenAPI document."""

from collections.abc import Mapping
from typing import Any

from gateway.inbound.http.openapi import examples
from gateway.inbound.http.openapi.examples import Maybe, OneOf
from gateway.inbound.http.openapi.parts import TEXT, Document, path, query
from gateway.inbound.http.openapi.parts import errors as errors_of
from gateway.inbound.http.openapi.quickstart_parts import KEY, SUBMIT, TASK, WORDS, body_of

_STATUS = OneOf("COMPLETED", ("PENDING", "GENERATING", "UPLOADING", "COMPLETED", "FAILED"))
_ERROR: Document = {
    "type": "object",
    "required": ["success", "error"],
    "properties": {
        "success": {"const": False},
        "error": {
            "type": "object",
            "required": ["message", "details"],
            "properties": {
                "message": TEXT,
                "details": {"type": "object", "required": ["code"], "properties": {"code": TEXT}},
            },
        },
    },
}
_VIDEO: dict[str, Any] = {
    "videoUuid": TASK,
    "taskId": TASK,
    "model": "doubao-seedance-1-5-pro",
    "prompt": Maybe("a fox in the snow"),
    "status": _STATUS,
    "progress": 100,
    "videoUrl": Maybe(f"https://api.example.com/files/Yv2b0cJ8/{TASK}-0.mp4"),
    "error": Maybe("The provider failed to generate a result."),
    "creditsUsed": 1.42,
    "createdAt": "2026-11-21T08:00:00.000Z",
    "completedAt": Maybe("2026-11-21T08:01:10.000Z"),
}


def _operation(
    summary: str, data: Mapping[str, Any], *parameters: Document, statuses: tuple[int, ...]
) -> Document:
    answer = {"description": "OK", "content": examples.content({"success": True, "data": dict(data)})}
    told = errors_of(*sorted({401, 403, 429, *statuses}), schema=_ERROR, words=WORDS)
    return {"summary": summary, "parameters": list(parameters), "responses": {"200": answer, **told}}


def generate(most: int) -> Document:
    """`POST /api/v1/video/generate`."""
    properties = {
        "prompt": TEXT,
        "model": {**TEXT, "description": "Any video model; also veo-3.1, seedance-1.5, wan-2.6"},
        "duration": {"type": "integer"},
        "aspectRatio": {**TEXT, "examples": ["16:9"]},
        "quality": {**TEXT, "examples": ["720p"]},
        "imageUrl": TEXT,
        "imageUrls": {"type": "array", "items": TEXT},
        "mode": {"enum": ["text-to-video", "image-to-video", "reference-to-video"]},
        "outputNumber": {"type": "integer", "minimum": 1, "maximum": most, "default": 1},
        "generateAudio": {"type": "boolean"},
    }
    data = {
        "videoUuid": TASK,
        "videoUuids": [TASK],
        "taskId": TASK,
        "model": "doubao-seedance-1-5-pro",
        "provider": "ark",
        "status": OneOf("PENDING", ("PENDING",)),
        "estimatedTime": 90,
        "creditsUsed": 1.42,
    }
    example = {"prompt": "a fox in the snow", "model": "seedance-1.5", "duration": 5, "aspectRatio": "16:9"}
    described = _operation("Generate videos, all or none, and freeze credits", data, KEY, statuses=SUBMIT)
    body = {"application/json": body_of(["prompt", "model"], properties, example)}
    return {**described, "requestBody": {"required": True, "content": body}}


def page() -> Document:
    """`GET /api/v1/video/list`."""
    data = {"videos": [_VIDEO], "nextCursor": Maybe("AZq…")}
    return _operation(
        "Your videos, newest first",
        data,
        query("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}, "How many"),
        query("cursor", TEXT, "`nextCursor` of the page before"),
        query("status", TEXT, "One or more statuses, separated by commas"),
        statuses=(400,),
    )


def status() -> Document:
    """`GET /api/v1/video/{uuid}/status`."""
    return _operation("How a video stands", _VIDEO, path("uuid"), statuses=(404,))


def models() -> Document:
    """`GET /api/v1/config/models`."""
    model = {
        "id": "doubao-seedance-1-5-pro",
        "name": "Doubao Seedance 1.5 Pro",
        "description": "Video with sound from a prompt or frames.",
        "provider": "ark",
        "available": True,
        "minimumTier": "free",
        "supportImageToVideo": True,
        "supportAudio": True,
        "aspectRatios": ["16:9"],
        "qualities": ["480p", "720p", "1080p"],
        "durations": [5],
        "credits": 0.6625,
    }
    return _operation("The video models; credits by their defaults", {"models": [model]}, statuses=(400,))

"""How the OpenAI façade is described in the OpenAPI document."""

from collections.abc import Mapping
from typing import Any

from gateway.inbound.http.openapi.parts import TEXT, Document, header, json_of, path, query
from gateway.inbound.http.openapi.parts import errors as errors_of

_WORDS: Mapping[int, str] = {
    400: "The request has a fault: see `param`; or the result was refused",
    401: "No valid API key",
    403: "The account's tier or the key's scopes do not allow this, or the account is disabled",
    404: "Nothing there (for this account); `model_not_found` for an unknown model",
    409: "The Idempotency-Key was used with another payload, or the video is not final",
    413: "The body or a file is too large",
    416: "The range begins past the end",
    429: "Too many requests (see Retry-After), or `insufficient_quota`: not enough credits",
    502: "The provider failed; nothing was charged",
    503: "Overloaded, the model is unavailable, or something of ours can't be reached; see Retry-After",
    504: "Not done in time; the task goes on under its Idempotency-Key",
}
_ERROR: Document = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": TEXT,
                "type": TEXT,
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}
_WHOLE: Document = {"type": ["integer", "null"]}
_VIDEO: Document = {
    "type": "object",
    "required": ["id", "object", "model", "status", "progress", "created_at", "seconds", "size"],
    "properties": {
        "id": {**TEXT, "examples": ["task_01KA8Z5Y3QH4V7N2M9X6T8R0BC"]},
        "object": {"const": "video"},
        "model": TEXT,
        "status": {"enum": ["queued", "in_progress", "completed", "failed"]},
        "progress": {"type": "integer", "minimum": 0, "maximum": 100},
        "created_at": {"type": "integer", "description": "Unix time in seconds"},
        "completed_at": _WHOLE,
        "expires_at": _WHOLE,
        "seconds": {**TEXT, "examples": ["8"]},
        "size": {**TEXT, "examples": ["1280x720"]},
        "prompt": {"type": ["string", "null"]},
        "remixed_from_video_id": {"type": ["string", "null"]},
        "error": {"type": ["object", "null"], "properties": {"code": TEXT, "message": TEXT}},
    },
}
_MODEL: Document = {
    "type": "object",
    "required": ["id", "object", "created", "owned_by"],
    "properties": {
        "id": TEXT,
        "object": {"const": "model"},
        "created": {"type": "integer"},
        "owned_by": TEXT,
    },
}
_KEY = header("Idempotency-Key", "Unique per request of yours; the same again gives the same answer")
_SUBMIT = (400, 401, 403, 404, 409, 413, 429, 503)


def _errors(*statuses: int) -> Document:
    return errors_of(*statuses, schema=_ERROR, words=_WORDS)


def _answered(schema: Document, *statuses: int) -> Document:
    return {"200": {"description": "OK", "content": json_of(schema)}, **_errors(*statuses)}


def _body(required: list[str], properties: dict[str, Any], *, form: bool = False) -> Document:
    schema = {"type": "object", "required": required, "properties": properties}
    content = json_of(schema)
    if form:
        file = {"type": "string", "format": "binary"}
        with_file = {**schema, "properties": {**properties, "input_reference": file}}
        content["multipart/form-data"] = {"schema": with_file}
    return {"required": True, "content": content}


def _page(schema: Document) -> Document:
    return {
        "type": "object",
        "required": ["object", "data"],
        "properties": {
            "object": {"const": "list"},
            "data": {"type": "array", "items": schema},
            "first_id": {"type": ["string", "null"]},
            "last_id": {"type": ["string", "null"]},
            "has_more": {"type": "boolean"},
        },
    }


def create_video() -> Document:
    """`POST /v1/videos`."""
    properties = {
        "prompt": TEXT,
        "model": {**TEXT, "default": "sora-2", "description": "Any video model of the catalog"},
        "seconds": {"type": ["string", "integer"], "examples": ["8"]},
        "size": {**TEXT, "examples": ["1280x720"]},
        "input_reference": {"type": ["object", "string"], "description": "A URL, or `{image_url}`"},
    }
    return {
        "summary": "Create a video; the model's other fields go beside these",
        "parameters": [_KEY],
        "requestBody": _body(["prompt"], properties, form=True),
        "responses": _answered(_VIDEO, *_SUBMIT),
    }


def retrieve_video() -> Document:
    """`GET /v1/videos/{video_id}`."""
    return {
        "summary": "A video",
        "parameters": [path("video_id")],
        "responses": _answered(_VIDEO, 401, 403, 404, 429),
    }


def list_videos() -> Document:
    """`GET /v1/videos`."""
    return {
        "summary": "The account's videos",
        "parameters": [
            query("after", TEXT, "Go on after this video"),
            query("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}, "How many"),
            query("order", {"enum": ["asc", "desc"], "default": "desc"}, "By creation"),
        ],
        "responses": _answered(_page(_VIDEO), 400, 401, 403, 429),
    }


def delete_video() -> Document:
    """`DELETE /v1/videos/{video_id}`."""
    deleted = {
        "type": "object",
        "required": ["id", "object", "deleted"],
        "properties": {"id": TEXT, "object": {"const": "video.deleted"}, "deleted": {"const": True}},
    }
    return {
        "summary": "Delete a video that is over",
        "parameters": [path("video_id")],
        "responses": _answered(deleted, 401, 403, 404, 409, 429),
    }


def video_content() -> Document:
    """`GET /v1/videos/{video_id}/content`."""
    content = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
    variants = {"enum": ["video", "thumbnail", "spritesheet"], "default": "video"}
    return {
        "summary": "A video's bytes",
        "parameters": [
            path("video_id"),
            query("variant", variants, "What of it"),
            header("Range", "One range of bytes"),
        ],
        "responses": {
            "200": {"description": "The file", "content": content},
            "206": {"description": "A part of it", "content": content},
            "304": {"description": "You have it"},
            "307": {"description": "It is in the object store"},
            **_errors(400, 401, 403, 404, 416, 429, 503),
        },
    }


def remix_video() -> Document:
    """`POST /v1/videos/{video_id}/remix`."""
    return {
        "summary": "Make a new video from a completed one, where its model can",
        "parameters": [path("video_id"), _KEY],
        "requestBody": _body(["prompt"], {"prompt": TEXT}),
        "responses": _answered(_VIDEO, *_SUBMIT),
    }


def generate_images() -> Document:
    """`POST /v1/images/generations`."""
    properties = {
        "prompt": TEXT,
        "model": {**TEXT, "description": "Any image model of the catalog"},
        "n": {"type": "integer", "minimum": 1, "maximum": 10, "default": 1},
        "size": {**TEXT, "examples": ["1024x1024"]},
        "response_format": {"enum": ["url", "b64_json"], "default": "url"},
    }
    image = {"type": "object", "properties": {"url": TEXT, "b64_json": TEXT}}
    answer = {
        "type": "object",
        "required": ["created", "data"],
        "properties": {"created": {"type": "integer"}, "data": {"type": "array", "items": image}},
    }
    return {
        "summary": "Generate images; the connection is held until they are there",
        "parameters": [_KEY],
        "requestBody": _body(["prompt", "model"], properties),
        "responses": _answered(answer, *_SUBMIT, 502, 504),
    }


def create_speech() -> Document:
    """`POST /v1/audio/speech`."""
    properties = {
        "input": TEXT,
        "model": {**TEXT, "description": "Any speech model of the catalog"},
        "voice": TEXT,
        "speed": {"type": "number"},
        "response_format": {**TEXT, "description": "Where the model has a choice"},
    }
    audio = {"audio/*": {"schema": {"type": "string", "format": "binary"}}}
    return {
        "summary": "Speak a text; the connection is held until it is spoken",
        "parameters": [_KEY],
        "requestBody": _body(["model", "input"], properties),
        "responses": {"200": {"description": "The sound", "content": audio}, **_errors(*_SUBMIT, 502, 504)},
    }


def list_models() -> Document:
    """`GET /v1/models`."""
    return {
        "summary": "The models that are served now",
        "responses": _answered(_page(_MODEL), 401, 403, 429),
    }


def retrieve_model() -> Document:
    """`GET /v1/models/{model}`."""
    return {
        "summary": "A model",
        "parameters": [path("model")],
        "responses": _answered(_MODEL, 401, 403, 404, 429),
    }

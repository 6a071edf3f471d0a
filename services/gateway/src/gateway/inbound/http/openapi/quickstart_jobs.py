"""How the jobs of `/api` are described in the OpenAPI document."""

from typing import Any

from gateway.inbound.http.openapi.examples import Maybe, OneOf
from gateway.inbound.http.openapi.parts import TEXT, Document, query
from gateway.inbound.http.openapi.quickstart_parts import BROUGHT, JOB, KEY, SUBMIT, TASK, body_of, operation

_WHOLE: Document = {"type": "integer"}
_NUMBER: Document = {"type": "number"}
_QUEUED = OneOf("queued", ("queued",))
_COMMON: dict[str, Any] = {
    "prompt": {**TEXT, "maxLength": 2000, "description": "What to make; most models require it"},
    "negative_prompt": TEXT,
    "width": _WHOLE,
    "height": _WHOLE,
    "steps": {**_WHOLE, "description": "More gives higher quality at a higher cost"},
    "cfg": _NUMBER,
    "seed": {**_WHOLE, "description": "-1 for a random one"},
    "sampler": {**TEXT, "examples": ["sa_solver", "euler", "dpmpp_2m"]},
    "scheduler": {**TEXT, "examples": ["beta", "normal", "karras"]},
    "input_image": {**TEXT, "description": "A file name, a URL or a data URI"},
}
_VIDEO: dict[str, Any] = {
    **_COMMON,
    "model": {**TEXT, "default": "wan-t2v", "description": "With input_image: wan-i2v"},
    "frames": {**_WHOLE, "description": "The tier limits it"},
    "shift": _NUMBER,
    "frame_rate": {**_WHOLE, "default": 24},
    "end_image": {**TEXT, "description": "The last frame, for first-last-frame models"},
    "audio_filename": {**TEXT, "description": "For models that follow a sound"},
    "video_filename": {**TEXT, "description": "For models that follow or change a video"},
    "camera_move": {"enum": ["in", "out", "left", "right"]},
}
_SUBMITTED = {"job_id": TASK, "status": _QUEUED, "model": "wan-t2v", "credit_cost": 29.0}


def generate() -> Document:
    """`POST /api/generate`."""
    example = {"prompt": "a fox in the snow", "model": "wan-t2v", "frames": 81, "steps": 4}
    return operation(
        "Queue a video; which fields a model takes is in GET /api/models",
        _SUBMITTED,
        KEY,
        errors_of=SUBMIT,
        body=body_of(["prompt"], _VIDEO, example),
    )


def generate_image(most: int) -> Document:
    """`POST /api/generate-image`."""
    properties = {
        **_COMMON,
        "model": {**TEXT, "default": "sd15"},
        "n": {"type": "integer", "minimum": 1, "maximum": most, "default": 1},
    }
    answer = {"job_ids": [TASK], "status": _QUEUED, "model": "sd15", "credit_cost": 2.0}
    return operation(
        "Queue one or more images, all or none; a given seed counts up from one to the next",
        answer,
        KEY,
        errors_of=SUBMIT,
        body=body_of(["prompt"], properties, {"prompt": "a fox in the snow", "model": "sd15", "n": 1}),
    )


def generate_v2v() -> Document:
    """`POST /api/generate-v2v`."""
    properties = {
        "video_filename": {**TEXT, "description": "A file of yours, a URL or a data URI"},
        "prompt": {**TEXT, "maxLength": 2000},
        "strength": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.6},
        "seconds": {**_WHOLE, "description": "How much of it; unless given all of a file of yours, else 10"},
        "seed": _WHOLE,
    }
    example = {"video_filename": f"{TASK}-0.mp4", "prompt": "as a watercolour", "strength": 0.6}
    return operation(
        "Restyle a video; 3 credits per 10 seconds, at least 3",
        {**_SUBMITTED, "model": "v2v", "credit_cost": 3.0},
        KEY,
        errors_of=SUBMIT,
        body=body_of(["video_filename", "prompt"], properties, example),
    )


def extend_video() -> Document:
    """`POST /api/extend-video`."""
    properties = {
        "video_filename": {**TEXT, "description": "A finished video of yours"},
        "generation_id": {**_WHOLE, "description": "The same by its number; its first video"},
        **{name: each for name, each in _VIDEO.items() if name not in {"input_image", "video_filename"}},
        "prompt": {**TEXT, "maxLength": 2000, "description": "How it goes on; without it no job is queued"},
        "model": {**TEXT, "default": "wan-i2v"},
    }
    answer = {
        **BROUGHT,
        "generation_id": Maybe(17),
        "job_id": Maybe(TASK),
        "status": Maybe(_QUEUED),
        "model": Maybe("wan-i2v"),
        "credit_cost": Maybe(39.0),
    }
    return operation(
        "Take a video's last frame; with a prompt (or more) also queue the video that goes on from it",
        answer,
        KEY,
        errors_of=SUBMIT,
        body=body_of([], properties, {"video_filename": f"{TASK}-0.mp4", "generation_id": 17}),
    )


def status() -> Document:
    """`GET /api/status`."""
    parameter = {**query("job_id", TEXT, "Which job"), "required": True}
    return operation("How a job stands", JOB, parameter, errors_of=(400, 404))


def cancel() -> Document:
    """`POST /api/cancel`."""
    return operation(
        "Cancel a job; 400 with the job when it is over",
        JOB,
        errors_of=(400, 404, 413),
        body=body_of(["job_id"], {"job_id": TEXT}, {"job_id": TASK}),
    )


def queue() -> Document:
    """`GET /api/queue`."""
    active = {
        "job_id": TASK,
        "status": OneOf("queued", ("queued", "processing")),
        "progress": 0,
        "position": Maybe(1),
        "model": "wan-t2v",
    }
    example = {"queue_length": 1, "position": Maybe(1), "active_jobs": [active]}
    return operation("How many jobs of yours wait, and those that are not over", example, errors_of=(400,))

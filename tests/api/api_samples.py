"""What a request to each operation of the OpenAPI document looks like."""

import json
from typing import Any

IDS = {
    "task_id": "task_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "video_id": "task_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "key_id": "key_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "webhook_id": "wh_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "listener_id": "wh_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "delivery_id": "whd_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "slug": "no-such-model",
    "model": "no-such-model",
    "token": "A" * 32,
    "name": "video.mp4",
    "account_id": "acct_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "upload_id": "file_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "letter_id": "999999999",
    "service": "no-such-service",
    "id": "999999999",
    "uuid": "task_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "filename": "task_01ARZ3NDEKTSV4RRFFQ69G5FAV-0.mp4",
}
"""Well-formed values of parameters in paths that nothing has."""
_TASK = {"model": "doubao-seedance-2-0-fast", "input": {"prompt": "a red kite", "resolution": "480p"}}
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/api/v1/tasks"): _TASK,
    ("POST", "/api/v1/tasks/estimate"): _TASK,
    ("POST", "/v1/videos"): {"model": _TASK["model"], "prompt": "a red kite", "size": "854x480"},
    ("POST", "/v1/images/generations"): {"model": "flux", "prompt": "a red kite"},
    ("POST", "/v1/audio/speech"): {"model": "tts", "input": "hello"},
    ("POST", "/api/v1/video/generate"): {"prompt": "a red kite", "model": "doubao-seedance-2-0-fast"},
    ("POST", "/api/generate"): {"prompt": "a red kite", "model": "doubao-seedance-2-0-fast"},
    ("POST", "/api/generate-image"): {"prompt": "a red kite", "model": "flux"},
    ("POST", "/v1/videos/{video_id}/remix"): {"prompt": "at night"},
}
"""Right bodies of what submits; elsewhere the key is looked at before the body."""


def address(path: str, **ids: str) -> str:
    """A path of the document with values for its parameters."""
    return path.format_map(IDS | ids)


def body_of(method: str, path: str, described: dict[str, Any]) -> bytes | None:
    """A body for an operation that takes one."""
    return json.dumps(BODIES.get((method, path), {})).encode() if "requestBody" in described else None

"""What fal's queue says of a job: acceptance, status, result, webhook (providers.md sections 6.1-6.5)."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from simulator.files import TYPES
from simulator.jobs import Job
from simulator.open_models import Fault
from simulator.web import reply
from starlette.responses import Response

_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
_X = urlsafe_b64encode(_KEY.public_key().public_bytes_raw()).rstrip(b"=").decode()
JWKS: dict[str, Any] = {
    "keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": "sim", "x": _X}]
}
USER_ID = "simulated-user"
_DETAIL_TYPES = {
    "missing": "missing", "unknown": "extra_forbidden", "type": "type_error", "choice": "literal_error",
    "least": "greater_than_equal", "most": "less_than_equal", "address": "file_download_error",
}  # fmt: skip
_STATUSES = {"content_policy_violation": 422, "file_download_error": 422}
_PLATFORM = {"request_timeout": 504}


def detail(fault: Fault, body: dict[str, Any]) -> dict[str, Any]:
    """One item of a model's `detail` list."""
    found: dict[str, Any] = {
        "loc": ["body", fault.field],
        "msg": fault.text,
        "type": _DETAIL_TYPES[fault.kind],
        "url": f"https://docs.fal.ai/errors/#{_DETAIL_TYPES[fault.kind]}",
        "input": body.get(fault.field, body),
    }
    return found if fault.bound is None else {**found, "ctx": {"expected": fault.bound}}


def accepted(job: Job) -> Response:
    """The answer to a submit: three addresses below the app."""
    return reply({"status": "IN_QUEUE", **_addresses(job), "queue_position": 0})


def status(job: Job, position: int, *, logs: bool) -> dict[str, Any]:
    """The status; `logs` is a member of what runs and what is over, null unless it was asked for."""
    told: dict[str, Any] = dict(_addresses(job))
    if job.state == "queued":
        return {"status": "IN_QUEUE", "queue_position": position, **told}
    lines = _logs(job) if logs else None
    if not job.final:
        return {"status": "IN_PROGRESS", "logs": lines, **told}
    told |= {"status": "COMPLETED", "logs": lines, "metrics": {"inference_time": _seconds(job)}}
    platform = _platform_error(job)
    return told if platform is None else {**told, "error": platform[1], "error_type": platform[0]}


def result(job: Job) -> Response:
    """The model's output, or how it failed."""
    if not job.final:
        return reply({"detail": "Request is still in progress"}, 400)
    platform = _platform_error(job)
    if platform is not None:
        kind, text, code = platform
        answer = reply({"detail": text, "error_type": kind}, code)
        answer.headers["x-fal-error-type"] = kind
    elif job.state == "succeeded":
        return reply(output(job))
    else:
        kind = job.error[0] if job.error else ""
        code = 422 if job.params["details"] else _STATUSES.get(kind, 500)
        answer = reply({"detail": _details(job)}, code)
    answer.headers["x-fal-retryable"] = "true" if answer.status_code >= 500 else "false"
    return answer


def webhook(job: Job) -> dict[str, Any]:
    """What is posted when a job is over."""
    told: dict[str, Any] = {"request_id": job.id, "gateway_request_id": job.id}
    if job.state == "succeeded":
        return {**told, "status": "OK", "error": None, "payload": output(job)}
    platform = _platform_error(job)
    payload = {"detail": platform[1] if platform else _details(job)}
    text = platform[1] if platform else f"Invalid status code: {422 if job.params['details'] else 500}"
    return {**told, "status": "ERROR", "error": text, "payload": payload}


def signer(request_id: str, body: bytes) -> Callable[[float], dict[str, str]]:
    """The headers for a try: Ed25519 over id, user, time and the body's hash, a line each."""

    def headers(now: float) -> dict[str, str]:
        parts = [request_id, USER_ID, str(int(now))]
        signed = "\n".join([*parts, hashlib.sha256(body).hexdigest()]).encode()
        return {
            "x-fal-webhook-request-id": parts[0],
            "x-fal-webhook-user-id": parts[1],
            "x-fal-webhook-timestamp": parts[2],
            "x-fal-webhook-signature": _KEY.sign(signed).hex(),
        }

    return headers


def output(job: Job) -> dict[str, Any]:
    """The model's output in the shape that models of its kind have."""
    files = [_file(job, name) for name in job.files]
    seed = job.params["input"].get("seed")
    match job.params["makes"]:
        case "video":
            return {"video": files[0], "seed": seed if isinstance(seed, int) else 42}
        case "image":
            width, height = job.size or (0, 0)
            images = [{**file, "width": width, "height": height} for file in files]
            safe = [False] * len(files)
            return {
                "images": images,
                "seed": seed,
                "has_nsfw_concepts": safe,
                "prompt": job.prompt,
                "timings": {},
            }
        case "speech":
            return {"audio": files[0]}
        case "music":
            return {"audio": files[0], "seed": seed, "tags": job.prompt, "lyrics": ""}
        case "mesh":
            return {"model_mesh": files[0]}
        case _:
            heard = job.params["heard"]
            chunks = [
                {"timestamp": [each["start"], each["end"]], "text": each["text"], "speaker": None}
                for each in heard["segments"]
            ]
            return {"text": heard["text"], "chunks": chunks, "inferred_languages": [heard["language"]]}


def _file(job: Job, name: str) -> dict[str, Any]:
    kind = TYPES.get(Path(name).suffix, "application/octet-stream")
    url = f"{job.base_url}/fal/files/{name}"
    return {"url": url, "content_type": kind, "file_name": name, "file_size": None}


def _addresses(job: Job) -> dict[str, str]:
    base = f"{job.base_url}/fal/{job.params['app']}/requests/{job.id}"
    return {
        "request_id": job.id,
        "response_url": base,
        "status_url": f"{base}/status",
        "cancel_url": f"{base}/cancel",
    }


def _details(job: Job) -> list[dict[str, Any]]:
    """What the model found wrong with the input, else why it failed."""
    if job.params["details"]:
        return list(job.params["details"])
    kind, text = job.error or ("internal_server_error", "Internal server error")
    loc = ["body", "prompt"] if kind == "content_policy_violation" else ["body"]
    return [{"loc": loc, "msg": text, "type": kind, "url": f"https://docs.fal.ai/errors/#{kind}"}]


def _platform_error(job: Job) -> tuple[str, str, int] | None:
    """Type, text and status of what ended the job without the model's doing."""
    if job.state == "cancelled":
        return "client_cancelled", "The request was cancelled by the client.", 499
    if job.error is None or job.error[0] not in _PLATFORM:
        return None
    return *job.error, _PLATFORM[job.error[0]]


def _seconds(job: Job) -> float:
    return round((job.finished_at or 0) - (job.started_at or job.finished_at or 0), 3)


def _logs(job: Job) -> list[dict[str, str]]:
    moment = datetime.fromtimestamp(job.started_at or job.accepted_at, UTC).isoformat()
    return [{"message": f"{job.percent}%", "level": "INFO", "source": "runner", "timestamp": moment}]

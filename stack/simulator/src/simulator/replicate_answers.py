"""What Replicate says of a prediction, and how it signs webhooks (providers.md sections 7.2-7.4)."""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from simulator.facts import PROVIDERS
from simulator.jobs import Job, State
from simulator.open_models import Fault

SECRET = "whsec_" + base64.b64encode(bytes(range(1, 33))).decode()
_STATUS: dict[State, str] = {
    "queued": "starting",
    "running": "processing",
    "succeeded": "succeeded",
    "failed": "failed",
    "cancelled": "canceled",
    "expired": "aborted",
}
_TYPES = {
    "missing": "required",
    "unknown": "additional_property_not_allowed",
    "type": "invalid_type",
    "choice": "enum",
    "least": "number_gte",
    "most": "number_lte",
    "address": "format",
}


def prediction(job: Job) -> dict[str, Any]:
    """The prediction object, as in answers, in lists and in webhooks."""
    base = f"{job.base_url}/replicate/v1/predictions/{job.id}"
    removed = job.final and time.time() - (job.finished_at or 0) > PROVIDERS["replicate"].result_seconds
    told: dict[str, Any] = {
        "id": job.id,
        "model": job.model,
        "version": job.params["version"],
        "status": _STATUS[job.state],
        "input": {} if removed else job.params["input"],
        "output": None,
        "logs": _logs(job),
        "error": None,
        "source": "api",
        "data_removed": removed,
        "metrics": {},
        "created_at": _time(job.accepted_at),
        "started_at": _time(job.started_at),
        "completed_at": _time(job.finished_at),
        "urls": {"get": base, "cancel": f"{base}/cancel", "web": f"https://replicate.com/p/{job.id}"},
    }
    if job.state == "succeeded" and not removed:
        told["output"] = _output(job)
    if job.state == "failed" and job.error:
        told["error"] = job.error[1]
    if job.final:
        told["metrics"] = _metrics(job)
    return told


def invalid_field(fault: Fault) -> dict[str, str]:
    """One item of `invalid_fields`."""
    return {"type": _TYPES[fault.kind], "field": f"input.{fault.field}", "description": fault.text}


def signer(body: bytes) -> Callable[[float], dict[str, str]]:
    """Standard Webhooks: one id for all tries, the time and the signature of each."""
    event = f"msg_{secrets.token_hex(12)}"
    key = base64.b64decode(SECRET.removeprefix("whsec_"))

    def headers(now: float) -> dict[str, str]:
        moment = str(int(now))
        digest = hmac.digest(key, f"{event}.{moment}.".encode() + body, hashlib.sha256)
        signature = f"v1,{base64.b64encode(digest).decode()}"
        return {"webhook-id": event, "webhook-timestamp": moment, "webhook-signature": signature}

    return headers


def model(name: str, base: str) -> dict[str, Any]:
    """A model's page."""
    owner, _, short = name.partition("/")
    return {
        "url": f"{base}/{name}",
        "owner": owner,
        "name": short,
        "description": "Simulated",
        "visibility": "public",
        "github_url": None,
        "paper_url": None,
        "license_url": None,
        "run_count": 1,
        "cover_image_url": None,
        "default_example": None,
        "latest_version": None,
    }


def _output(job: Job) -> Any:
    urls = [f"{job.base_url}/replicate/files/{name}" for name in job.files]
    match job.params["answer"] or job.params["makes"]:
        case "image" | "list":
            return urls
        case "mesh":
            return {"model_file": urls[0]}
        case "subtitles":
            heard = job.params["heard"]
            segments = [
                {name: each[name] for name in ("id", "start", "end", "text")} for each in heard["segments"]
            ]
            return {
                "segments": segments,
                "transcription": heard["text"],
                "detected_language": heard["language"],
            }
        case _:
            return urls[0]


def _metrics(job: Job) -> dict[str, float]:
    ended = job.finished_at or time.time()
    total = {"total_time": round(ended - job.accepted_at, 6)}
    return {"predict_time": round(ended - job.started_at, 6), **total} if job.started_at else total


def _logs(job: Job) -> str:
    if job.started_at is None:
        return ""
    done = job.percent if not job.final else 100
    return (
        f"Using seed: {job.params['input'].get('seed') or 42}\n{done:3d}%|{'#' * (done // 10)}| {done}/100\n"
    )


def _time(moment: float | None) -> str | None:
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")

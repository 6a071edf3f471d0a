"""OpenAI's video object and list, from a task's row."""

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.ids import task_text

from gateway.domain import openai
from gateway.inbound.http.documents import error_of

STATUSES = {
    "queued": "queued",
    "processing": "in_progress",
    "succeeded": "completed",
    "failed": "failed",
    "cancelled": "failed",
}
_CODES = {"content_refused": "content_policy_violation", "insufficient_credits": "insufficient_quota"}


def video(row: Mapping[str, Any], remixed_from: str | None = None) -> dict[str, Any]:
    """The video object (openai 3.52.0, types/video.py): `seconds` is a text, `progress` always a number."""
    given = row["input"] or {}
    done = row["status"] == "succeeded"
    return {
        "id": task_text(row["id"]),
        "object": "video",
        "model": row["model"],
        "status": STATUSES[row["status"]],
        "progress": 100 if done else row["percent"] or 0,
        "created_at": int(row["requested_at"].timestamp()),
        "completed_at": int(row["finished_at"].timestamp()) if done else None,
        "expires_at": None,
        "seconds": _seconds(row) or openai.shown_seconds(given) or "0",
        "size": _size(row) or openai.shown_size(given) or "auto",
        "prompt": given.get("prompt"),
        "remixed_from_video_id": remixed_from or (row["metadata"] or {}).get("remixed_from_video_id"),
        "error": error(row),
    }


def error(row: Mapping[str, Any]) -> dict[str, str] | None:
    """Why a video failed: code and message; a cancelled one says so here."""
    if row["status"] not in {"failed", "cancelled"}:
        return None
    told = error_of(row)
    return {"code": _CODES.get(told["code"], told["code"]), "message": told["message"]}


def listed(videos: Sequence[Mapping[str, Any]], *, has_more: bool) -> dict[str, Any]:
    """A page; without `last_id` the SDK stops after the first one."""
    return {
        "object": "list",
        "data": list(videos),
        "first_id": videos[0]["id"] if videos else None,
        "last_id": videos[-1]["id"] if videos else None,
        "has_more": has_more,
    }


def first_asset(row: Mapping[str, Any], *kinds: str) -> Mapping[str, Any] | None:
    """The first of a task's results that is of one of these kinds and stands for itself."""
    assets = sorted(row["assets"] or (), key=lambda each: int(each["index"]))
    return next((each for each in assets if each["kind"] in kinds and not each.get("role")), None)


def _size(row: Mapping[str, Any]) -> str | None:
    asset = first_asset(row, "video") or {}
    return f"{asset['width']}x{asset['height']}" if "width" in asset and "height" in asset else None


def _seconds(row: Mapping[str, Any]) -> str | None:
    asset = first_asset(row, "video") or {}
    return str(max(1, round(asset["duration_ms"] / 1000))) if "duration_ms" in asset else None

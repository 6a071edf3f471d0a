"""Jobs and generations as `/api` shows them, from tasks' rows."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import orjson
from contracts.ids import task_text
from starlette.responses import Response

from gateway.domain import quickstart
from gateway.inbound.http.documents import error_of
from gateway.inbound.http.file_links import Addresses
from gateway.inbound.http.numbers import credits_number, time_text

_FOLDERS = {"video": "video", "mesh": "video", "image": "image"}
_NO_STORE = {"Cache-Control": "no-store"}


def job(row: Mapping[str, Any], at: Addresses, number: int | None, position: int | None) -> dict[str, Any]:
    """How a job stands, with its files once it is completed."""
    files = outputs(row, at)
    failed = row["status"] in {"failed", "cancelled"}
    told = error_of(row) if failed else None
    return {
        "job_id": task_text(row["id"]),
        "generation_id": number,
        "status": quickstart.STATUSES[row["status"]],
        "progress": 100 if row["status"] == "succeeded" else row["percent"] or 0,
        "queue_position": position,
        "model": row["model"],
        "filename": files[0]["filename"] if files else None,
        "url": files[0]["url"] if files else None,
        "outputs": files,
        "error": told["message"] if told else None,
        "error_code": told["code"] if told else None,
        "cancelled": row["status"] == "cancelled",
        "cancel_requested": row["cancel_requested_at"] is not None,
        "credit_cost": credits_number(row["quote_micro"]),
        "credits_charged": charged(row),
        "created_at": time_text(row["requested_at"]),
        "completed_at": time_text(row["finished_at"]),
    }


def generation(row: Mapping[str, Any], at: Addresses) -> dict[str, Any]:
    """A line of the history: the job, what was asked, and what its owner says about it."""
    given = row["input"] or {}
    shown = job(row, at, None, None)
    for name in ("generation_id", "queue_position"):
        shown.pop(name)
    return {
        "id": row["number"],
        **shown,
        "prompt": given.get("prompt"),
        "parameters": quickstart.shown_input(given),
        "is_favorite": row["is_favorite"],
        "is_public": row["published_at"] is not None,
        "share_token": row["share_token"],
    }


def public(row: Mapping[str, Any], at: Addresses, token: str | None) -> dict[str, Any]:
    """What strangers may see of a generation; with a token its files open by it."""
    given = row["input"] or {}
    files = outputs(row, at, token)
    return {
        "prompt": given.get("prompt"),
        "model": row["model"],
        "status": quickstart.STATUSES[row["status"]],
        "filename": files[0]["filename"] if files else None,
        "url": files[0]["url"] if files else None,
        "outputs": files,
        "created_at": time_text(row["requested_at"]),
    }


def outputs(row: Mapping[str, Any], at: Addresses, token: str | None = None) -> list[dict[str, Any]]:
    """A job's files; the address of a video or an image needs the owner's key, or a share token."""
    if row["status"] != "succeeded":
        return []
    assets = sorted(row["assets"] or (), key=lambda each: int(each["index"]))
    return [_file(asset, at, token) for asset in assets]


def _file(asset: Mapping[str, Any], at: Addresses, token: str | None) -> dict[str, Any]:
    folder = _FOLDERS.get(asset["kind"])
    if folder is None:
        url = at.file(asset)
    else:
        url = f"{at.api}/api/{folder}/{quote(asset['file_name'])}" + (f"?token={token}" if token else "")
    shown: dict[str, Any] = {"filename": asset["file_name"], "url": url, "kind": asset["kind"]}
    for field in ("content_type", "size_bytes", "width", "height"):
        shown[field] = asset.get(field)
    shown["duration"] = asset["duration_ms"] / 1000 if "duration_ms" in asset else None
    return shown


def charged(row: Mapping[str, Any]) -> orjson.Fragment | None:
    """What it cost in credits; None until that is known."""
    micro = row["charged_micro"]
    return None if micro is None else credits_number(micro)


def listed(name: str, rows: Sequence[Mapping[str, Any]], limit: int, offset: int) -> dict[str, Any]:
    """A page, made of one more than it may show."""
    return {name: rows[:limit], "limit": limit, "offset": offset, "has_more": len(rows) > limit}


def json_response(document: Any) -> Response:
    """JSON that nobody may keep."""
    return Response(orjson.dumps(document), headers=_NO_STORE, media_type="application/json")

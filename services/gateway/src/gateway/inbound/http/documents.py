"""The public documents of v1, from rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import orjson
from contracts.ids import task_text

from gateway.db.balances import Standing
from gateway.db.task_events import TaskEvent
from gateway.domain.admission import Submission
from gateway.domain.projection import FINAL
from gateway.inbound.http.numbers import credits_number, currency_number, time_text

_MESSAGES = {
    "insufficient_credits": "The account had not enough credits when the request reached the ledger.",
    "deadline_exceeded": "The task's deadline passed before a result was there.",
    "cancelled": "The task was cancelled.",
    "provider_failed": "The provider failed to generate a result.",
    "provider_outcome_unknown": "Nobody can say whether the provider did the work. Nothing was charged.",
    "provider_unavailable": "No provider could take the task.",
    "content_refused": "The provider's moderation refused the prompt, an input or the result.",
    "input_rejected": "The provider refused the input.",
    "input_unreachable": "An input could not be fetched.",
    "storage_failed": "The result could not be stored. Nothing was charged.",
    "hold_expired": "The task did not end in time. Nothing was charged.",
}
_LISTS = {
    "video": "videos",
    "image": "images",
    "audio": "audios",
    "subtitle": "subtitles",
    "mesh": "meshes",
    "text": "texts",
}


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes documents in a currency."""

    currency: str

    def receipt(self, submission: Submission) -> bytes:
        """The answer to a submit."""
        answer: dict[str, Any] = {
            "request_id": submission.request_id,
            "task_id": task_text(submission.task_id),
            "status": "queued",
            "cost_estimate": currency_number(submission.quote_micro),
            "currency": self.currency,
        }
        if submission.metadata:
            answer["metadata"] = submission.metadata
        return orjson.dumps(answer)

    def task(
        self,
        row: Mapping[str, Any],
        files: str,
        position: int | None = None,
        attempts: Sequence[Mapping[str, Any]] | None = None,
    ) -> bytes:
        """A task's document; links begin with `files`.

        `position`: how many of its account's tasks are before it, itself included, while it waits for a
        provider. `attempts`: what is known of them beyond the row.
        """
        final = row["status"] in FINAL
        return orjson.dumps(
            {
                "request_id": row["request_id"],
                "task_id": task_text(row["id"]),
                "object": "task",
                "status": row["status"],
                "model": row["model"],
                "percent": 100 if row["status"] == "succeeded" else row["percent"],
                "cost_estimate": currency_number(row["quote_micro"]),
                "cost_actual": currency_number(row["charged_micro"]) if final else None,
                "currency": self.currency,
                "test": row["asset"] == "test",
                "metadata": row["metadata"] or {},
                "webhook_url": row["webhook_url"],
                "output": _output(row, files),
                "error": error_of(row) if final and row["status"] != "succeeded" else None,
                "created_at": time_text(row["requested_at"]),
                "finished_at": time_text(row["finished_at"]),
                "deadline": time_text(row["deadline"]),
                "deleted_at": time_text(row["deleted_at"]),
                "cancel_requested": row["cancel_requested_at"] is not None,
                "queue_position": position,
                "phases": _phases(row),
                "attempts": [_attempt(each) for each in (row["attempts"] if attempts is None else attempts)],
            }
        )

    def event(self, event: TaskEvent) -> dict[str, Any]:
        """A line of a task's history."""
        return {
            "object": "task.event",
            "task_id": task_text(event.task_id),
            "seq": event.seq,
            "type": event.type,
            "at": time_text(event.at),
            "data": _event_data(event.data or {}),
        }

    def credits_low(self, available_micro: int, threshold_micro: int) -> bytes:
        """What the webhook `credits.low` tells."""
        return orjson.dumps(
            {
                "available": credits_number(available_micro),
                "threshold": credits_number(threshold_micro),
                "currency_value": currency_number(available_micro),
                "currency": self.currency,
            }
        )

    def standing(self, standing: Standing) -> bytes:
        """An account's credits: what is set aside for unanswered requests counts as held."""
        return orjson.dumps(
            {
                "available": credits_number(standing.spendable_micro),
                "held": credits_number(standing.set_aside_micro),
                "currency_value": currency_number(standing.spendable_micro),
                "currency": self.currency,
                "tier": standing.tier,
            }
        )


def _event_data(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name.removesuffix("_micro"): currency_number(value) if name.endswith("_micro") else value
        for name, value in data.items()
    }


def _phases(row: Mapping[str, Any]) -> dict[str, str | None]:
    names = {
        "requested_at": "requested_at",
        "cancel_requested_at": "cancel_requested_at",
        "frozen_at": "frozen_at",
        "submitted_at": "submitted_at",
        "processing_at": "processing_at",
        "completed_at": "completed_at",
        "stored_at": "stored_at",
        "closed_at": "settled_at",
    }
    return {shown: time_text(row[name]) for name, shown in names.items()}


_ATTEMPT_FIELDS = (
    "number",
    "provider",
    "route",
    "state",
    "submitted_at",
    "polls",
    "last_poll_at",
    "next_poll_at",
    "error_class",
    "error_code",
    "ended_at",
)


def _attempt(attempt: Mapping[str, Any]) -> dict[str, Any]:
    """What isn't known is null."""
    values = {name: attempt.get(name) for name in _ATTEMPT_FIELDS}
    for name, value in values.items():
        if name.endswith("_at") and value is not None:
            values[name] = time_text(datetime.fromisoformat(value))
    return values


def error_of(row: Mapping[str, Any]) -> dict[str, str]:
    """Why a final task that didn't succeed ended: code and message."""
    code = row["closed_reason"]
    told = [row[f"{word}_message"] for word in ("completed", "stored") if row[f"{word}_code"] == code]
    message = next(filter(None, told), None) or _MESSAGES.get(code) or "The task failed."
    return {"code": code, "message": message}


def _output(row: Mapping[str, Any], files: str) -> dict[str, list[dict[str, Any]]] | None:
    """None until it succeeds, and when it was deleted."""
    assets = row["assets"]
    if row["status"] != "succeeded" or row["deleted_at"] is not None:
        return None
    output: dict[str, list[dict[str, Any]]] = {name: [] for name in _LISTS.values()}
    for asset in sorted(assets or (), key=lambda each: int(each["index"])):
        output[_LISTS[asset["kind"]]].append(_file(asset, files))
    return {name: files_of_kind for name, files_of_kind in output.items() if files_of_kind}


def _file(asset: Mapping[str, Any], files: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"url": f"{files}/{asset['token']}/{quote(asset['file_name'])}"}
    for name in ("kind", "role", "content_type", "size_bytes", "sha256", "width", "height"):
        if name in asset:
            shown[name] = asset[name]
    if "duration_ms" in asset:
        shown["duration"] = asset["duration_ms"] / 1000
    return shown

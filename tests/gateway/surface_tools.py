"""For the surfaces whose bodies the OpenAPI document fixes by examples."""

from typing import Any
from uuid import UUID

import httpx
import jsonschema_rs
from contracts.ids import task_from_text
from gateway.domain.facts import Asset, Balance, Closed, Completed, Frozen, Progressed, Stored
from gateway_tools import Customer, World, now

PROVIDERS = dict.fromkeys(
    ("ark", "dashscope", "gemini", "comfyui", "fal", "replicate", "openai"), "simulated"
)
NOBODY = "task_01ARZ3NDEKTSV4RRFFQ69G5FAV"


def task_id(text: str) -> UUID:
    found = task_from_text(text)
    assert found is not None
    return found


async def conforms(world: World, method: str, path: str, answer: httpx.Response) -> Any:
    """The body of an answer that is documented: its status, and its shape by the OpenAPI document."""
    document = world.app.openapi()
    described = document["paths"][path][method.lower()]["responses"]
    assert str(answer.status_code) in described, f"{answer.status_code} is not documented: {answer.text}"
    schema = described[str(answer.status_code)]["content"]["application/json"]["schema"]
    jsonschema_rs.validate(schema, answer.json())
    return answer.json()


def asset(text: str, kind: str = "video", **changes: Any) -> Asset:
    """A result of a task, with the name that storage gives it."""
    extension, content_type = {"video": ("mp4", "video/mp4"), "image": ("png", "image/png")}[kind]
    values: dict[str, Any] = {
        "index": 0,
        "kind": kind,
        "role": None,
        "bucket": "b",
        "object_key": f"k/{text}",
        "token": f"tok-{text}",
        "file_name": f"{text}-0.{extension}",
        "content_type": content_type,
        "size_bytes": 20,
        "sha256": "ab",
        "width": 832,
        "height": 480,
        "duration_ms": 3375 if kind == "video" else None,
    }
    return Asset(**(values | changes))


async def complete(world: World, customer: Customer, text: str, made: Asset, micro: int = 1_000_000) -> None:
    """Let a task succeed."""
    task = task_id(text)
    balance = Balance(customer.id, "credit", 900_000_000, 0, 50)
    await world.say(
        [
            Frozen(task, now(), balance),
            Progressed(task, now(), 1, "comfyui", "processing", 30),
            Completed(task, now(), "succeeded", None, None),
            Stored(task, customer.id, now(), "stored", (made,), None, None),
            Closed(task, customer.id, "credit", now(), "settled", "completed", micro, balance),
        ]
    )


async def end(world: World, customer: Customer, text: str, reason: str) -> None:
    """Let a task fail, or be cancelled."""
    balance = Balance(customer.id, "credit", 900_000_000, 0, 51)
    closed = Closed(task_id(text), customer.id, "credit", now(), "released", reason, 0, balance)
    await world.say([closed])

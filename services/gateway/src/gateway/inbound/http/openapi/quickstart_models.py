"""How the models and prices of `/api` are described in the OpenAPI document."""

from typing import Any

from gateway.inbound.http.openapi.examples import AnyObject, Maybe, OneOf
from gateway.inbound.http.openapi.parts import TEXT, Document, query
from gateway.inbound.http.openapi.quickstart_account import LIMITS
from gateway.inbound.http.openapi.quickstart_parts import operation, without_key

_RULE = AnyObject(
    {
        "kind": "frames_and_steps",
        "base": 10,
        "per_frame": 0.2,
        "frames": "frames",
        "per_step": 0.5,
        "steps": "steps",
    }
)
_KINDS = OneOf("video", ("video", "image", "audio", "subtitle", "mesh", "text"))
_NUMBER: Document = {"type": "integer", "minimum": 0}


def models(noun: str) -> Document:
    """`GET /api/models`, `GET /api/image-models`."""
    model: dict[str, Any] = {
        "id": "wan-t2v",
        "name": "WAN 2.2",
        "description": "Rich cinematic visuals, longer videos.",
        "type": _KINDS,
        "available": True,
        "minimum_tier": "free",
        "defaults": AnyObject({"width": 832, "height": 480, "frames": 81, "steps": 4}),
        "parameters": AnyObject({"frames": {"type": "integer", "minimum": 1, "maximum": 999, "default": 81}}),
        "required": ["prompt"],
        "credit_cost": 29.0,
        "rules": [_RULE],
    }
    words = f"The {noun} models; credit_cost is that of the defaults, parameters are JSON Schemas"
    return operation(words, {"models": [model]}, errors_of=(400,))


def cost() -> Document:
    """`GET /api/generation-cost`."""
    counted = AnyObject({"frames": 41, "steps": 4, "width": 832, "height": 480})
    example = {
        "model": "wan-t2v",
        "parameters": counted,
        "cost": 21.0,
        "required_tier": "free",
        "allowed": True,
    }
    names = ("frames", "steps", "seconds", "duration", "duration_seconds", "width", "height")
    parameters = [query(name, _NUMBER, "As in the request; else the model's default") for name in names]
    model = query("model", {**TEXT, "default": "wan-t2v"}, "Any model")
    return operation("What a job would cost, in credits", example, model, *parameters, errors_of=(400, 404))


def pricing() -> Document:
    """`GET /api/pricing`."""
    tier = {"tier": "starter", "title": "Starter", "monthly_credits": 500, **LIMITS}
    model = {"model": "wan-t2v", "name": "WAN 2.2", "kind": _KINDS, "rules": [_RULE]}
    example = {"credit_value": 0.01, "currency": "USD", "tiers": [tier], "models": [model]}
    return without_key("Tiers, and the rules by which models are charged", example, errors_of=(400,))


def gpu() -> Document:
    """`GET /api/comfyui/status`."""
    return operation(
        "Whether the GPU backend can be reached; null: unknown", {"online": Maybe(True)}, errors_of=(400,)
    )

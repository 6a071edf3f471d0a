"""The rows of the product documents that are about tasks, models, credits and keys: none is missing."""

import re
from unittest.mock import Mock

import pytest
from callbacks.app import http_app
from callbacks.usecases.receive_webhook import Reception
from gateway_tools import World
from starlette.routing import Route

ROWS = """
POST /api/v1/video/generate
GET /api/v1/video/list
GET /api/v1/config/models
GET /api/v1/video/{uuid}/status
GET /api/keys
POST /api/keys
DELETE /api/keys/{id}
POST /api/generate
GET /api/status
GET /api/video/{filename}
GET /api/generations
DELETE /api/generations/{id}
POST /api/generations/{id}/favorite
POST /api/generations/{id}/share
POST /api/generations/{id}/public
GET /api/share/{token}
GET /api/gallery/community
POST /api/cancel
GET /api/queue
GET /api/comfyui/status
GET /api/generation-cost
POST /api/extend-video
POST /api/generate-v2v
POST /api/generate-image
GET /api/models
GET /api/image-models
GET /api/image-generations
DELETE /api/image-generations/{id}
GET /api/image/{filename}
POST /api/upload-image
GET /api/input-image/{filename}
GET /api/auth/check
GET /api/credits
GET /api/credits/history
GET /api/pricing
GET /api/analytics/usage
GET /api/analytics/summary
"""
PROVIDERS_CALL = "POST /api/v1/video/callback/{provider}"
"""The one row that another service serves: providers have addresses, not keys."""
PUBLIC = {"/api/share/{}", "/api/gallery/community", "/api/pricing"}


def nameless(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


@pytest.mark.parametrize("row", ROWS.split("\n")[1:-1])
async def test_a_row_of_the_documents_is_served_and_needs_a_key_unless_it_is_public(
    surface_world: World, row: str
) -> None:
    method, path = row.split()
    described = {
        nameless(known): operations for known, operations in surface_world.app.openapi()["paths"].items()
    }
    operation = described[nameless(path)][method.lower()]
    public = nameless(path) in PUBLIC
    assert (operation.get("security") == []) is public
    answer = await surface_world.client().request(method, re.sub(r"\{\w+\}", "1", path))
    assert (answer.status_code == 401) is not public, answer.text


def test_the_row_that_providers_call_is_served_by_callbacks() -> None:
    served = [
        f"{method} {route.path}"
        for route in http_app(Mock(spec=Reception)).routes
        if isinstance(route, Route)
        for method in route.methods or ()
    ]
    assert served == [PROVIDERS_CALL]

"""`GET /v1/models`, `GET /v1/models/{id}`."""

from dataclasses import dataclass
from typing import Any

import orjson
from catalog.model import Model
from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.problem import Problem
from gateway.inbound.http.openapi import openai as described
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.orders import Orders
from gateway.usecases.check_request import CheckRequest

PATH = "/v1/models"


@dataclass(frozen=True, slots=True)
class OpenAIModels:
    """The models that a provider serves now, as the caller's kind of key sees them."""

    orders: Orders
    check: CheckRequest

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        return [
            Operation("GET", PATH, self.page, described.list_models()),
            Operation("GET", f"{PATH}/{{model}}", self.retrieve, described.retrieve_model()),
        ]

    async def page(self, request: Request) -> Response:
        """All of them."""
        caller = await self.orders.admit(request)
        models = self.orders.catalog.models.values()
        served = [_shown(each) for each in models if self.check.available(each.slug, caller.asset)]
        return _json({"object": "list", "data": served})

    async def retrieve(self, request: Request) -> Response:
        """One of them."""
        caller = await self.orders.admit(request)
        slug = request.path_params["model"]
        model = self.orders.catalog.get(slug)
        if model is None or not self.check.available(slug, caller.asset):
            raise Problem(404, "model_not_found", f"There is no model {slug[:100]!r}.", param="model")
        return _json(_shown(model))


def _shown(model: Model) -> dict[str, Any]:
    """`created` is the SDK's must; the catalog knows no dates."""
    return {"id": model.slug, "object": "model", "created": 0, "owned_by": "framebus"}


def _json(document: dict[str, Any]) -> Response:
    return Response(orjson.dumps(document), media_type="application/json")

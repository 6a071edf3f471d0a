"""`GET /api/v1/models`, `GET /api/v1/models/{slug}`, `GET /api/v1/credits`."""

from dataclasses import dataclass
from typing import Any

import orjson
from catalog.catalog import Catalog
from catalog.model import Model
from runtime.db import Database
from starlette.requests import Request
from starlette.responses import Response

from gateway.db import balances
from gateway.domain.problem import Problem
from gateway.inbound.http.admit import Admit
from gateway.inbound.http.documents import Writer
from gateway.inbound.http.openapi import catalog as described
from gateway.inbound.http.operation import Operation
from gateway.usecases.check_request import CheckRequest


@dataclass(frozen=True, slots=True)
class Models:
    """The catalog, as the caller's kind of key sees it."""

    admit: Admit
    catalog: Catalog
    check: CheckRequest

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        return [
            Operation("GET", "/api/v1/models", self.page, described.models()),
            Operation("GET", "/api/v1/models/{slug}", self.document, described.model()),
        ]

    async def page(self, request: Request) -> Response:
        """All models, without their schemas."""
        caller = await self.admit(request)
        listed = [self._summary(model, caller.asset) for model in self.catalog.models.values()]
        return _json({"object": "list", "data": listed})

    async def document(self, request: Request) -> Response:
        """A model with its input's JSON Schema."""
        caller = await self.admit(request)
        slug = request.path_params["slug"]
        model = self.catalog.get(slug)
        if model is None:
            raise Problem(404, "model_not_found", f"There is no model {slug[:100]!r}.", param="slug")
        return _json(self._summary(model, caller.asset) | {"schema": model.schema})

    def _summary(self, model: Model, asset: str) -> dict[str, Any]:
        return {
            "object": "model",
            "slug": model.slug,
            "title": model.title,
            "description": model.description,
            "kind": model.kind,
            "minimum_tier": model.minimum_tier,
            "available": self.check.available(model.slug, asset),
            "price": {"unit": "micro_credits", "rules": model.price},
        }


@dataclass(frozen=True, slots=True)
class Credits:
    """The account's credits."""

    admit: Admit
    db: Database
    writer: Writer

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        return [Operation("GET", "/api/v1/credits", self.document, described.account_credits())]

    async def document(self, request: Request) -> Response:
        """What is available and held of the asset that the key spends."""
        caller = await self.admit(request)
        standing = await balances.read(self.db.pool, caller.account_id, caller.asset)
        assert standing is not None, "an account is made with its balances"
        headers = {"Cache-Control": "no-store"}
        return Response(self.writer.standing(standing), headers=headers, media_type="application/json")


def _json(document: dict[str, Any]) -> Response:
    return Response(orjson.dumps(document), media_type="application/json")

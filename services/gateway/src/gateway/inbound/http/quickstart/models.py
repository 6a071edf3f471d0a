"""`GET /api/models`, `/api/image-models`, `/api/generation-cost`, `/api/pricing`, `/api/comfyui/status`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.catalog import Catalog
from catalog.model import Model
from contracts.money import MICRO_PER_CREDIT
from starlette.requests import Request
from starlette.responses import Response

from gateway.domain import quickstart
from gateway.domain.problem import Detail, Problem
from gateway.inbound.http.admit import Admit
from gateway.inbound.http.numbers import credits_number, currency_number
from gateway.inbound.http.openapi import quickstart_models as described
from gateway.inbound.http.operation import Endpoint, Operation
from gateway.inbound.http.query import Query
from gateway.inbound.http.quickstart.account import limits
from gateway.inbound.http.quickstart.documents import json_response
from gateway.outbound.dispatcher import Dispatcher
from gateway.usecases.check_request import CheckRequest

GPU = "comfyui"
_MOST = 999_999_999


@dataclass(frozen=True, slots=True)
class QuickstartModels:
    """The routes."""

    admit: Admit
    catalog: Catalog
    check: CheckRequest
    dispatcher: Dispatcher
    currency: str

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        video, image = quickstart.VIDEO_KINDS, quickstart.IMAGE_KINDS
        return [
            Operation("GET", "/api/models", self._page(video), described.models("video")),
            Operation("GET", "/api/image-models", self._page(image), described.models("image")),
            Operation("GET", "/api/generation-cost", self.cost, described.cost()),
            Operation("GET", "/api/pricing", self.pricing, described.pricing()),
            Operation("GET", "/api/comfyui/status", self.gpu, described.gpu()),
        ]

    def _page(self, kinds: frozenset[str]) -> Endpoint:
        async def page(request: Request) -> Response:
            caller = await self.admit(request)
            Query(request).finish()
            found = [each for each in self.catalog.models.values() if each.kind in kinds]
            shown = [_model(each, available=self.check.available(each.slug, caller.asset)) for each in found]
            return json_response({"models": shown})

        return page

    async def cost(self, request: Request) -> Response:
        """What a job would cost; what its model doesn't count has no effect, what isn't given its default."""
        caller = await self.admit(request)
        query = Query(request)
        slug = query.text("model") or quickstart.DEFAULT_VIDEO
        model = self.catalog.get(slug)
        if model is None:
            raise Problem(404, "model_not_found", f"There is no model {slug[:100]!r}.", param="model")
        numbers = {name: query.whole(name, -1, 0, _MOST) for name in quickstart.QUOTED}
        query.finish()
        given = {name: value for name, value in numbers.items() if value >= 0}
        given = {name: value for name, value in given.items() if name in model.schema["properties"]}
        _refuse(quickstart.quote_faults(model, given))
        completed = model.with_defaults(given)
        counted = {name: completed[name] for name in quickstart.QUOTED if name in completed}
        needed = model.required_tier(completed)
        return json_response(
            {
                "model": model.slug,
                "parameters": counted,
                "cost": credits_number(model.quote(completed).micro),
                "required_tier": needed,
                "allowed": self.catalog.suffices(caller.tier, needed),
            }
        )

    async def pricing(self, request: Request) -> Response:
        """Needs no key: tiers, and the rules by which every model is charged."""
        Query(request).finish()
        tiers = [
            {"tier": each.name, "title": each.title, "monthly_credits": each.monthly_credits, **limits(each)}
            for each in self.catalog.tiers.values()
        ]
        rules = [
            {"model": each.slug, "name": each.title, "kind": each.kind, "rules": _rules(each)}
            for each in self.catalog.models.values()
        ]
        unit = {"credit_value": currency_number(MICRO_PER_CREDIT), "currency": self.currency}
        return json_response({**unit, "tiers": tiers, "models": rules})

    async def gpu(self, request: Request) -> Response:
        """Whether ComfyUI can be reached, as the workers that send it jobs see it; null: nobody knows now."""
        await self.admit(request)
        Query(request).finish()
        online = await self.dispatcher.online(GPU)
        return json_response({"online": online})


def _refuse(faults: Sequence[tuple[str, str]]) -> None:
    details = tuple(Detail(name, "out_of_range", message) for name, message in faults)
    if details:
        first = details[0]
        message = f"{first.param} {first.message}"
        raise Problem(400, first.code, message, param=first.param, details=details)


def _model(model: Model, *, available: bool) -> dict[str, Any]:
    properties = model.schema["properties"]
    names = {field: quickstart.parameter_name(field) for field in properties}
    defaults = {names[field]: each["default"] for field, each in properties.items() if "default" in each}
    cost = model.quote(model.with_defaults({})).micro
    return {
        "id": model.slug,
        "name": model.title,
        "description": model.description,
        "type": model.kind,
        "available": available,
        "minimum_tier": model.minimum_tier,
        "defaults": defaults,
        "parameters": {names[field]: _parameter(each) for field, each in properties.items()},
        "required": [names[field] for field in model.schema.get("required", ())],
        "credit_cost": credits_number(cost),
        "rules": _rules(model),
    }


def _parameter(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if not name.startswith("x-")}


def _rules(model: Model) -> list[dict[str, Any]]:
    """The price rows with amounts in credits: `base`, `per_frame`, `per_step` are seed 003's columns."""
    return [_rule(row) for row in model.price]


def _rule(row: Mapping[str, Any]) -> dict[str, Any]:
    return {_COLUMNS.get(name, name): _figure(name, value) for name, value in row.items()}


_COLUMNS = {
    "base_micro": "base",
    "frame_micro": "per_frame",
    "step_micro": "per_step",
    "micro": "credits",
    "least_micro": "least",
}


def _figure(name: str, value: Any) -> Any:
    return credits_number(value) if name.endswith("micro") and isinstance(value, int) else value

"""`POST /v1/images/generations`: n tasks, all or none; the connection is held until they are done."""

import base64
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson
from starlette.requests import Request
from starlette.responses import Response

from gateway.domain import openai
from gateway.domain.field_words import named_as
from gateway.domain.problem import Problem
from gateway.inbound.http import bodies
from gateway.inbound.http.file_links import FileLinks
from gateway.inbound.http.openai.results import Result, Results
from gateway.inbound.http.openapi import openai as described
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.orders import Orders, Words

PATH = "/v1/images/generations"
MOST = 10
_FORMATS = ("url", "b64_json")
WORDS = Words(
    kinds=frozenset({"image"}),
    places={"prompt": named_as(*openai.PROMPT), "size": openai.place_size},
    noun="images",
    own=frozenset({"n", "response_format"}),
)


@dataclass(frozen=True, slots=True)
class Images:
    """The route."""

    orders: Orders
    results: Results
    links: FileLinks
    json_limit: int

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        return [Operation("POST", PATH, self.generate, described.generate_images())]

    async def generate(self, request: Request) -> Response:
        """`{created, data: [{url} or {b64_json}]}`."""
        caller = await self.orders.admit.identify(request)
        body = await bodies.read(request, json_limit=self.json_limit, file_limit=0)
        count, form = _count(body.fields.get("n")), _form(body.fields.get("response_format"))
        slug = body.fields.get("model")
        if not slug:
            raise Problem(400, "missing_required_parameter", "model is required.", param="model")
        taken = await self.orders(request, caller, body, WORDS, slug=slug, count=count)
        results = await self.results(caller, taken.receipt.task_ids, "image")
        files = self.links.base(request)
        data = [await self._image(result, form, files) for result in results]
        answer = {"created": int(time.time()), "data": data}
        return Response(orjson.dumps(answer), media_type="application/json")

    async def _image(self, result: Result, form: str, files: str) -> dict[str, Any]:
        if form == "url":
            return {"url": f"{files}/{result.asset['token']}/{quote(result.link.file_name)}"}
        return {"b64_json": base64.b64encode(await self.results.content(result)).decode()}


def _count(given: Any) -> int:
    if given is None:
        return 1
    if not isinstance(given, int) or isinstance(given, bool) or not 1 <= given <= MOST:
        raise Problem(400, "invalid_value", f"n must be a whole number from 1 to {MOST}.", param="n")
    return given


def _form(given: Any) -> str:
    if given is None:
        return "url"
    if given not in _FORMATS:
        told = " or ".join(_FORMATS)
        raise Problem(400, "invalid_value", f"response_format must be {told}.", param="response_format")
    return str(given)

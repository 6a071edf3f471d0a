"""`POST /v1/audio/speech`: one task; the answer is the sound."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from gateway.domain import openai
from gateway.domain.field_words import named_as
from gateway.domain.problem import Problem
from gateway.inbound.http import bodies
from gateway.inbound.http.openai.results import Results
from gateway.inbound.http.openapi import openai as described
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.orders import Orders, Words

PATH = "/v1/audio/speech"
_FORMAT = ("response_format", "output_format", "format")
WORDS = Words(
    kinds=frozenset({"audio"}),
    places={
        "input": named_as(*openai.PROMPT),
        "voice": named_as(*openai.VOICE),
        "speed": named_as("speed"),
        "response_format": named_as(*_FORMAT),
    },
    noun="speech",
)


@dataclass(frozen=True, slots=True)
class Speech:
    """The route."""

    orders: Orders
    results: Results
    json_limit: int

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        return [Operation("POST", PATH, self.speak, described.create_speech())]

    async def speak(self, request: Request) -> Response:
        """The bytes; `response_format` is for models that have a choice."""
        caller = await self.orders.admit.identify(request)
        body = await bodies.read(request, json_limit=self.json_limit, file_limit=0)
        for name in ("model", "input"):
            if not body.fields.get(name):
                raise Problem(400, "missing_required_parameter", f"{name} is required.", param=name)
        taken = await self.orders(request, caller, body, WORDS, slug=body.fields["model"])
        [result] = await self.results(caller, taken.receipt.task_ids, "audio")
        return Response(await self.results.content(result), media_type=result.link.content_type)

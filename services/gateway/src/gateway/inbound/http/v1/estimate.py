"""`POST /api/v1/tasks/estimate`: what a request would cost, to the micro-credit, without making a task."""

from dataclasses import dataclass

import orjson
from starlette.requests import Request
from starlette.responses import Response

from gateway.inbound.http.admit import Admit
from gateway.inbound.http.body import parse_object, read_body
from gateway.inbound.http.documents import Writer
from gateway.inbound.http.numbers import credits_number, currency_number
from gateway.inbound.http.openapi import tasks as described
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.v1.submit import FIELDS, TASKS_PATH, unknown_fields, wish_of
from gateway.inbound.http.v1.task_reader import json_response
from gateway.usecases.check_request import CheckRequest
from gateway.usecases.use_uploads import UseUploads


@dataclass(frozen=True, slots=True)
class Estimate:
    """The same checks as a submit but replay and credits; the same price, for it is the same function."""

    admit: Admit
    check: CheckRequest
    use: UseUploads
    writer: Writer
    max_body_bytes: int

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        return [Operation("POST", f"{TASKS_PATH}/estimate", self.__call__, described.estimate())]

    async def __call__(self, request: Request) -> Response:
        """Answer with the price."""
        caller = await self.admit(request, "read")
        raw = await read_body(request, self.max_body_bytes)
        body = parse_object(raw)
        wish, faults = await self.use.named(caller, wish_of(body))
        faults = [*unknown_fields(body, FIELDS), *faults]
        checked = self.check(wish, caller.asset, caller.tier, len(raw), faults)
        return json_response(
            orjson.dumps(
                {
                    "object": "estimate",
                    "model": checked.model,
                    "cost_estimate": currency_number(checked.quote.micro),
                    "credits": credits_number(checked.quote.micro),
                    "currency": self.writer.currency,
                }
            )
        )

"""`POST /api/v1/tasks`: the hot path. A plain route: no dependency injection, no models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.ids import task_text
from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.admission import Submission
from gateway.domain.problem import Detail
from gateway.domain.wishes import ABSENT, Wish
from gateway.inbound.http.admit import Admit
from gateway.inbound.http.body import fingerprint, parse_object, read_body
from gateway.inbound.http.documents import Writer
from gateway.inbound.http.headers import idempotency_key
from gateway.inbound.http.openapi import tasks as described
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.problems import EXPECTED, problem_of
from gateway.inbound.http.v1.errors import write_problem
from gateway.usecases.take_order import Sent, Taken, TakeOrder

SURFACE = "v1"
TASKS_PATH = "/api/v1/tasks"
FIELDS = frozenset({"model", "input", "metadata", "webhook_url", "deadline_seconds"})


@dataclass(frozen=True, slots=True)
class Submit:
    """The route. Checks in this order: key, body, and what TakeOrder checks."""

    admit: Admit
    take: TakeOrder
    writer: Writer
    max_body_bytes: int

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        return [Operation("POST", TASKS_PATH, self.__call__, described.submit())]

    async def __call__(self, request: Request) -> Response:
        """Answer a submit."""
        request_id: str = request.scope["request_id"]
        try:
            return await self._answer(request, request_id)
        except EXPECTED as error:
            return write_problem(problem_of(error), request_id)

    async def _answer(self, request: Request, request_id: str) -> Response:
        caller = await self.admit.identify(request)
        raw = await read_body(request, self.max_body_bytes)
        body = parse_object(raw)
        sent = Sent(
            caller=caller,
            surface=SURFACE,
            request_id=request_id,
            traceparent=request.scope["traceparent"],
            size=len(raw),
            idempotency_key=idempotency_key(request.headers.get("idempotency-key")),
            fingerprint=fingerprint(body),
            faults=unknown_fields(body, FIELDS),
        )
        taken = await self.take(sent, [wish_of(body)], self._receipt)
        self.admit.note(request, taken.quota)
        return _written(taken)

    def _receipt(self, submissions: Sequence[Submission]) -> bytes:
        return self.writer.receipt(submissions[0])


def wish_of(body: Mapping[str, Any]) -> Wish:
    """What a body asks for."""
    return Wish(
        body.get("model"),
        body.get("input", ABSENT),
        body.get("metadata"),
        body.get("webhook_url"),
        body.get("deadline_seconds"),
    )


def unknown_fields(body: Mapping[str, Any], known: frozenset[str]) -> list[Detail]:
    """A fault for each field of a body that isn't known."""
    if body.keys() <= known:
        return []
    names = sorted(body.keys() - known)
    return [Detail(name[:200], "unknown_field", "is not a field of this request") for name in names]


def _written(taken: Taken) -> Response:
    headers = {"Location": f"{TASKS_PATH}/{task_text(taken.receipt.task_ids[0])}"}
    if taken.replayed:
        headers["Idempotent-Replayed"] = "true"
    return Response(taken.receipt.answer, 202, headers, media_type="application/json")

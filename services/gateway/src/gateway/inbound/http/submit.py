"""`POST /api/v1/tasks`: the hot path. A plain route: no dependency injection, no models, prebuilt answers."""

from dataclasses import dataclass
from typing import Any

from contracts.ids import task_text, uuid7
from prometheus_client import Counter
from runtime.db import Database
from runtime.group_commit import GroupCommit, OverloadedError
from starlette.requests import Request
from starlette.responses import Response

from gateway.db.keys import Caller
from gateway.domain.admission import Accepted, Decision, KeyReused, Refused, Replayed, Submission
from gateway.domain.problem import Problem
from gateway.inbound.http.body import fingerprint, parse_object, read_body
from gateway.inbound.http.documents import Writer
from gateway.inbound.http.numbers import credits_text
from gateway.inbound.http.problems import OUTAGES, problem_of, problem_response
from gateway.usecases.authenticate import Authenticate
from gateway.usecases.check_request import CheckRequest
from gateway.usecases.submit_tasks import find_replay

SURFACE = "v1"
TASKS_PATH = "/api/v1/tasks"
SUBMITS = Counter("gateway_submits", "Submits by what became of them", ["outcome"])
_ACCEPTED, _REPLAYED = SUBMITS.labels("accepted"), SUBMITS.labels("replayed")
_MOST_KEY_LENGTH = 255


@dataclass(frozen=True, slots=True)
class Submit:
    """The route. Checks in this order: key, body, replay, model, input, tier, credits."""

    authenticate: Authenticate
    check: CheckRequest
    commit: GroupCommit[Submission, Decision]
    db: Database
    writer: Writer
    max_body_bytes: int

    async def __call__(self, request: Request) -> Response:
        """Answer a submit."""
        request_id: str = request.scope["request_id"]
        try:
            return await self._answer(request, request_id)
        except (Problem, OverloadedError, *OUTAGES) as error:
            problem = problem_of(error)
            SUBMITS.labels(problem.code).inc()
            return problem_response(problem, request_id)

    async def _answer(self, request: Request, request_id: str) -> Response:
        caller = await self.authenticate(request.headers.get("authorization"))
        raw = await read_body(request, self.max_body_bytes)
        body = parse_object(raw)
        key = idempotency_key(request.headers.get("idempotency-key"))
        payload = fingerprint(body)
        try:
            submission = self._submission(request, request_id, caller, body, len(raw), key, payload)
        except Problem:
            if key is None:
                raise
            decision = await self._earlier(caller, key, payload)
            if decision is None:
                raise
        else:
            decision = await self.commit.submit(submission)
        return self._written(decision)

    def _submission(
        self,
        request: Request,
        request_id: str,
        caller: Caller,
        body: dict[str, Any],
        size: int,
        key: str | None,
        payload: str,
    ) -> Submission:
        checked = self.check(body, caller.asset, caller.tier, size)
        return Submission(
            task_id=uuid7(),
            account_id=caller.account_id,
            asset=caller.asset,
            key_id=caller.key_id,
            model=checked.model,
            input=checked.input,
            derive=checked.derive,
            quote_micro=checked.quote.micro,
            price_rule=checked.quote.rule,
            surface=SURFACE,
            request_id=request_id,
            fingerprint=payload,
            idempotency_key=key,
            traceparent=request.scope["traceparent"],
        )

    async def _earlier(self, caller: Caller, key: str, payload: str) -> Decision | None:
        """A replay comes before the checks: the model or the tier may have changed since."""
        return await find_replay(self.db, (caller.account_id, SURFACE, key), payload, caller.asset)

    def _written(self, decision: Decision) -> Response:
        match decision:
            case Accepted(receipt):
                _ACCEPTED.inc()
                replayed = {}
            case Replayed(receipt):
                _REPLAYED.inc()
                replayed = {"Idempotent-Replayed": "true"}
            case KeyReused():
                raise _key_reused()
            case Refused(required, available):
                raise _insufficient(required, available)
        task_id = task_text(receipt.task_id)
        headers = {"Location": f"{TASKS_PATH}/{task_id}", **replayed}
        return Response(self.writer.receipt(receipt, task_id), 202, headers, media_type="application/json")


def idempotency_key(header: str | None) -> str | None:
    """The key as sent, or in quotes as the IETF draft has it. Raises Problem 400 if it can't be kept."""
    if header is None:
        return None
    key = header[1:-1] if len(header) > 1 and header[0] == header[-1] == '"' else header
    if not 1 <= len(key) <= _MOST_KEY_LENGTH or not all("!" <= each <= "~" for each in key):
        message = f"Idempotency-Key must be 1 to {_MOST_KEY_LENGTH} visible ASCII characters."
        raise Problem(400, "invalid_idempotency_key", message, param="Idempotency-Key")
    return key


def _key_reused() -> Problem:
    message = "This Idempotency-Key was used with another payload. Use a new key for a new request."
    headers = {"x-should-retry": "false"}
    return Problem(409, "idempotency_key_reused", message, param="Idempotency-Key", headers=headers)


def _insufficient(required: int, available: int) -> Problem:
    message = (
        f"This costs {credits_text(required)} credits and {credits_text(available)} are available. "
        "Add credits and send it again."
    )
    amounts = {"required": required, "balance": available}
    return Problem(
        402,
        "insufficient_credits",
        message,
        headers={"x-should-retry": "false"},
        amounts_micro=amounts,
    )

"""Errors of `/api`: `{"error": "…"}` with what belongs to it beside; never a 422."""

from typing import Any

import orjson
from starlette.responses import Response

from gateway.domain.problem import Problem
from gateway.inbound.http.numbers import credits_number


def write_problem(problem: Problem, request_id: str) -> Response:
    """A sentence under `error`; a stable `code`, the field at fault, figures in credits."""
    body: dict[str, Any] = {"error": problem.message, "code": problem.code, "request_id": request_id}
    if problem.param:
        body["param"] = problem.param
    if problem.details:
        body["details"] = [
            {"param": each.param, "code": each.code, "message": each.message} for each in problem.details
        ]
    for name, micro in problem.amounts_micro.items():
        body[name] = credits_number(micro)
    body.update(problem.context)
    status = 400 if problem.status in {408, 422} else problem.status
    return Response(orjson.dumps(body), status, dict(problem.headers), media_type="application/json")

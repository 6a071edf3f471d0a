"""Errors in the shape of v1: `{"error": {type, code, message, param, request_id}}`."""

from typing import Any

import orjson
from starlette.responses import Response

from gateway.domain.problem import Problem
from gateway.inbound.http.numbers import credits_number


def write_problem(problem: Problem, request_id: str) -> Response:
    """Write a problem as v1 does: its figures in credits, its details as a list, its context beside."""
    error: dict[str, Any] = {
        "type": problem.type,
        "code": problem.code,
        "message": problem.message,
        "param": problem.param,
        "request_id": request_id,
    }
    if problem.details:
        error["details"] = [
            {"param": each.param, "code": each.code, "message": each.message} for each in problem.details
        ]
    for name, micro in problem.amounts_micro.items():
        error[name] = credits_number(micro)
    return Response(
        orjson.dumps({"error": error, **problem.context}),
        problem.status,
        dict(problem.headers),
        media_type="application/json",
    )

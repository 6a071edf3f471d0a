"""Errors of `/api/v1/video`: `{"success": false, "error": {message, details}}`; never a 422."""

from typing import Any

import orjson
from starlette.responses import Response

from gateway.domain.problem import Problem
from gateway.inbound.http.numbers import credits_number


def write_problem(problem: Problem, request_id: str) -> Response:
    """A sentence, and under `details` what programs need: code, field, all faults, figures in credits."""
    details: dict[str, Any] = {"code": problem.code, "request_id": request_id, **problem.context}
    if problem.param:
        details["param"] = problem.param
    if problem.details:
        details["faults"] = [
            {"param": each.param, "code": each.code, "message": each.message} for each in problem.details
        ]
    for name, micro in problem.amounts_micro.items():
        details[name] = credits_number(micro)
    body = {"success": False, "error": {"message": problem.message, "details": details}}
    status = 400 if problem.status == 422 else problem.status
    return Response(orjson.dumps(body), status, dict(problem.headers), media_type="application/json")

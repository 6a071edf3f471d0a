"""Errors in the shape of v1: `{"error": {type, code, message, param, request_id}}`, whoever raised them."""

from typing import Any

import asyncpg
import orjson
import structlog
from runtime.group_commit import OverloadedError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.problem import Problem, overloaded, unavailable
from gateway.inbound.http.numbers import credits_number

log = structlog.get_logger()

OUTAGES = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
    asyncpg.SerializationError,
)
"""What a database raises that is away, shutting down or too busy: coming back helps."""

_CODES = {404: "not_found", 405: "method_not_allowed", 413: "request_too_large"}
_MESSAGES = {404: "There is nothing at this address.", 405: "This address doesn't take this method."}


def problem_response(problem: Problem, request_id: str) -> Response:
    """Write a problem as v1 does."""
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
        orjson.dumps({"error": error}), problem.status, dict(problem.headers), media_type="application/json"
    )


def problem_of(error: Exception) -> Problem:
    """What a client is told: the problem itself, or that we are overloaded or cut off."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, OverloadedError):
        return overloaded()
    log.warning("database_unavailable", error=f"{type(error).__name__}: {error}")
    return unavailable()


async def on_problem(request: Request, error: Exception) -> Response:
    """Handler for Problem, OverloadedError and outages."""
    return problem_response(problem_of(error), request.scope["request_id"])


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Handler for the framework's own 404, 405 and the like."""
    assert isinstance(error, HTTPException)
    status = error.status_code
    problem = Problem(
        status,
        _CODES.get(status, "invalid_request"),
        _MESSAGES.get(status, str(error.detail)),
        headers=dict(error.headers or {}),
    )
    return problem_response(problem, request.scope["request_id"])


async def on_unexpected(request: Request, _: Exception) -> Response:
    """Handler for everything else: a fault of ours. The edge logs it."""
    return unexpected(request.scope["request_id"])


def unexpected(request_id: str) -> Response:
    """What a client sees of a fault of ours."""
    message = "Something went wrong on our side. The request_id helps to find out what."
    return problem_response(Problem(500, "internal_error", message), request_id)

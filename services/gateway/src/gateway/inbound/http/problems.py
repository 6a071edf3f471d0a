"""Errors, whoever raised them, become problems; the surface of the path writes them."""

import asyncpg
import structlog
from runtime.group_commit import OverloadedError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.problem import Problem, overloaded, unavailable
from gateway.inbound.http.surfaces import write_problem

log = structlog.get_logger()

OUTAGES = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that broke in the middle of its commit
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
    asyncpg.TransactionRollbackError,
)
"""What a database raises that is away, shutting down or too busy: coming back helps."""
EXPECTED = (Problem, OverloadedError, *OUTAGES)
"""What `problem_of` makes a problem of."""

_CODES = {404: "not_found", 405: "method_not_allowed", 413: "request_too_large"}
_MESSAGES = {404: "There is nothing at this address.", 405: "This address doesn't take this method."}


def problem_of(error: Exception) -> Problem:
    """What a client is told: the problem itself, or that we are overloaded or cut off."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, OverloadedError):
        return overloaded()
    log.warning("database_unavailable", error=f"{type(error).__name__}: {error}")
    return unavailable()


async def on_problem(request: Request, error: Exception) -> Response:
    """Handler for EXPECTED."""
    return _written(request, problem_of(error))


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
    return _written(request, problem)


async def on_unexpected(request: Request, _: Exception) -> Response:
    """Handler for everything else: a fault of ours. The edge logs it."""
    return unexpected(request.scope["path"], request.scope["request_id"])


def unexpected(path: str, request_id: str) -> Response:
    """What a client sees of a fault of ours."""
    message = "Something went wrong on our side. The request_id helps to find out what."
    return write_problem(path, Problem(500, "internal_error", message), request_id)


def _written(request: Request, problem: Problem) -> Response:
    return write_problem(request.scope["path"], problem, request.scope["request_id"])

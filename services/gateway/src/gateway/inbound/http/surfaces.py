"""The surfaces: whose shape an error has follows from the path's prefix, also for the framework's own errors.

A surface plugs in with a row: its prefix and its writer of problems. The longest prefix wins.
"""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response

from gateway.domain.problem import Problem
from gateway.inbound.http.openai.errors import write_problem as openai_problem
from gateway.inbound.http.quickstart.errors import write_problem as quickstart_problem
from gateway.inbound.http.v1.errors import write_problem as v1_problem
from gateway.inbound.http.video.errors import write_problem as video_problem

WriteProblem = Callable[[Problem, str], Response]
"""A problem and the request's id, as the surface answers it; it may choose another status."""


@dataclass(frozen=True, slots=True)
class Surface:
    """A prefix of paths and how problems are written below it."""

    prefix: str
    write_problem: WriteProblem


SURFACES = (
    Surface("/", v1_problem),
    Surface("/v1/", openai_problem),
    Surface("/api/", quickstart_problem),
    Surface("/api/v1/", v1_problem),
    Surface("/api/v1/video/", video_problem),
    Surface("/api/v1/config/models", video_problem),
)


def write_problem(path: str, problem: Problem, request_id: str) -> Response:
    """The answer to a request for `path` that ran into a problem."""
    matching = (surface for surface in SURFACES if path.startswith(surface.prefix))
    surface = max(matching, key=lambda each: len(each.prefix), default=SURFACES[0])
    return surface.write_problem(problem, request_id)

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
    """A prefix of paths, whose it is, and how problems are written below it."""

    prefix: str
    write_problem: WriteProblem
    name: str = "other"


SURFACES = (
    Surface("/", v1_problem),
    Surface("/files/", v1_problem, "files"),
    Surface("/v1/", openai_problem, "openai"),
    Surface("/api/", quickstart_problem, "quickstart"),
    Surface("/api/v1/", v1_problem, "v1"),
    Surface("/api/v1/admin/", v1_problem, "admin"),
    Surface("/api/v1/video/", video_problem, "video"),
    Surface("/api/v1/config/models", video_problem, "video"),
)


def write_problem(path: str, problem: Problem, request_id: str) -> Response:
    """The answer to a request for `path` that ran into a problem."""
    return surface_of(path).write_problem(problem, request_id)


def surface_of(path: str) -> Surface:
    """Whose path it is."""
    matching = (surface for surface in SURFACES if path.startswith(surface.prefix))
    return max(matching, key=lambda each: len(each.prefix), default=SURFACES[0])

"""`/healthz` (may this process live), `/readyz` (may it be given work), `/metrics`."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


class Part(Protocol):
    """Something that runs inside a process and can speak of its health."""

    name: str

    async def start(self) -> None:
        """Begin. Raises when it can't."""

    async def stop(self) -> None:
        """Drain and end."""

    def unready(self) -> str | None:
        """Why no work should come now, or None."""

    def fault(self) -> str | None:
        """Why the process should be restarted, or None."""


@runtime_checkable
class Drains(Protocol):
    """A part with answers that would never end by themselves, such as live streams."""

    def drain(self) -> None:
        """End them: the server waits for its open answers before it stops."""


@runtime_checkable
class Warns(Protocol):
    """A part that serves, but not as its operator wants."""

    def warning(self) -> str | None:
        """What is wrong, or None."""


class Health:
    """Collects what the parts say; `draining` makes a process unready before it stops."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self.draining = False
        self.started = False

    def problems(self) -> list[str]:
        """What keeps the process from being ready."""
        if self.draining:
            return ["draining"]
        if not self.started:
            return ["starting"]
        return [problem for part in self._parts if (problem := part.unready() or part.fault())]

    def routes(self) -> list[Route]:
        """The routes to mount."""
        return [
            Route("/healthz", self._healthz),
            Route("/readyz", self._readyz),
            Route("/metrics", _metrics),
        ]

    async def _healthz(self, _: Request) -> Response:
        faults = [fault for part in self._parts if (fault := part.fault())]
        return JSONResponse({"ok": not faults, "faults": faults}, 503 if faults else 200)

    async def _readyz(self, _: Request) -> Response:
        problems = self.problems()
        warnings = [
            warning for part in self._parts if isinstance(part, Warns) and (warning := part.warning())
        ]
        told = {"ready": not problems, "problems": problems, **({"warnings": warnings} if warnings else {})}
        return JSONResponse(told, 503 if problems else 200)


async def _metrics(_: Request) -> Response:
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)

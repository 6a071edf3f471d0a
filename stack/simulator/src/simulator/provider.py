"""What the shared machinery asks of each provider."""

from typing import Protocol

from simulator.jobs import Job
from simulator.render.spec import Result
from simulator.web import ProviderError
from starlette.responses import Response
from starlette.routing import Route


class Provider(Protocol):
    """One provider's dialect: its routes, its shapes, its sizes and its bill."""

    name: str

    def routes(self) -> list[Route]:
        """All its paths below `/<name>`."""
        ...

    def refuse(self, error: ProviderError) -> Response:
        """A refusal in the provider's shape."""
        ...

    def fault(self, status: int) -> ProviderError:
        """What it says when it answers `status` for reasons of its own."""
        ...

    def quota(self) -> ProviderError:
        """What it says when the account has no money or quota left for the job."""
        ...

    def size(self, job: Job, image_size: tuple[int, int] | None) -> tuple[int, int]:
        """Width and height of what is shown, given the size of the input image if there is one.

        (0, 0) where nothing is shown. Kept as `job.size`.
        """
        ...

    def results(self, job: Job, image: bytes | None) -> list[Result]:
        """The files to make, in the order of `job.files`; `image` is the first input image that opened.

        Called when the inputs are there: `job.inputs` has their bytes and, of video and sound, the seconds.
        """
        ...

    def usage(self, job: Job) -> dict[str, object] | None:
        """What it would bill for a finished job; None if it doesn't say."""
        ...

    def failure(self, reason: str) -> tuple[str, str]:
        """Code and message for `fail`, `moderated`, `expire`, `input` (unusable), `render` (our fault)."""
        ...

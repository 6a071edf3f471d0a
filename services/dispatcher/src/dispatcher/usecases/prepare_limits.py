"""The rows of the providers' limits, made before the first claim."""

from collections.abc import Collection

from runtime.db import Database

from dispatcher.db import limits
from dispatcher.domain.providers import Provider


class PrepareLimits:
    """A part that has done its work once it has started."""

    name = "limits"

    def __init__(self, db: Database, providers: Collection[Provider]) -> None:
        self._db, self._providers = db, providers

    async def start(self) -> None:
        """Make what is missing."""
        await limits.seed(self._db, self._providers)

    async def stop(self) -> None:
        """The rows stay."""

    def unready(self) -> str | None:
        """It has no state of its own."""
        return None

    def fault(self) -> str | None:
        """Never a reason to restart."""
        return None

"""Asking storage to look into a file of the object store: it has the processes that may decode."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from runtime.internal import InternalClient, InternalError, Refusal

TIMEOUT_SECONDS = 60.0
_OF_THE_FILE = frozenset({"unreadable", "object_not_found"})


class UnreadableFile(Exception):
    """The file can't be decoded, or isn't there."""


class StorageAway(Exception):
    """Storage can't be asked now."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a file is. Sizes in pixels, as displayed; None where a thing doesn't apply."""

    kind: str
    width: int | None
    height: int | None
    duration_ms: int | None


class Storage:
    """`client` None: this deployment doesn't say where storage is."""

    def __init__(self, client: InternalClient | None) -> None:
        self._client = client

    @property
    def known(self) -> bool:
        """Whether there is one to ask."""
        return self._client is not None

    async def look(self, key: str) -> Look:
        """What the object is. Raises UnreadableFile, StorageAway."""
        with _said():
            found = await self._asked().ask("POST", "/looks", body={"key": key})
        return Look(found["kind"], found["width"], found["height"], found["duration_ms"])

    async def last_frame(self, key: str) -> bytes:
        """The last frame of the object's video as PNG. Raises UnreadableFile, StorageAway."""
        with _said():
            return await self._asked().content("POST", "/last-frames", body={"key": key})

    def _asked(self) -> InternalClient:
        if self._client is None:
            raise StorageAway("GATEWAY_STORAGE_URL is not set")
        return self._client


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except Refusal as refusal:
        if refusal.code in _OF_THE_FILE:
            raise UnreadableFile(str(refusal)) from refusal
        raise StorageAway(str(refusal)) from refusal
    except InternalError as error:
        raise StorageAway(str(error)) from error

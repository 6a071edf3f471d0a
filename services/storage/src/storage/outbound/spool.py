"""Files on disk that live as long as one copy: what the probe reads and derived files are made from."""

import asyncio
import hashlib
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from storage.outbound.objects import PART_BYTES

_PREFIX: Final = "framebus-spool-"
_IN_THREAD_BYTES: Final = 256 * 1024
"""Smaller parts are written and hashed at once: handing them to a thread costs more."""


class Digest:
    """Size and running SHA-256 of bytes as they pass."""

    def __init__(self) -> None:
        self.size_bytes = 0
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """SHA-256 of all that passed, as hex."""
        return self._hash.hexdigest()

    async def add(self, part: bytes | bytearray) -> None:
        """Count bytes, in a thread if they are many: a whole part takes milliseconds."""
        await _aside(self.update, part)

    def update(self, part: bytes | bytearray) -> None:
        """Count bytes here and now."""
        self._hash.update(part)
        self.size_bytes += len(part)


class Spool(Digest):
    """A temporary file that counts what is appended."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        super().__init__()
        self.path = path
        self._file = file

    async def append(self, part: bytes | bytearray) -> None:
        """Add bytes; they are visible to other processes when this returns."""
        await _aside(self._append, part)

    def _append(self, part: bytes | bytearray) -> None:
        self._file.write(part)
        self._file.flush()
        self.update(part)


async def _aside(work: Callable[[bytes | bytearray], None], part: bytes | bytearray) -> None:
    if len(part) < _IN_THREAD_BYTES:
        work(part)
    else:
        await asyncio.to_thread(work, part)


@contextmanager
def open_spool(directory: Path) -> Iterator[Spool]:
    """Make an empty spool that is removed at the end."""
    with temporary_path(directory) as path, path.open("wb") as file:
        yield Spool(path, file)


@contextmanager
def temporary_path(directory: Path, suffix: str = "") -> Iterator[Path]:
    """Reserve a file name in a directory; what is there at the end is removed."""
    with tempfile.NamedTemporaryFile(dir=directory, prefix=_PREFIX, suffix=suffix, delete=False) as made:
        path = Path(made.name)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


async def file_parts(path: Path, size: int = PART_BYTES) -> AsyncIterator[bytes]:
    """Read a file in parts of ``size`` bytes, the last one shorter."""
    with await asyncio.to_thread(path.open, "rb") as file:
        while part := await asyncio.to_thread(file.read, size):
            yield part


def sweep_spools(directory: Path, older_than_seconds: float) -> int:
    """Remove what killed processes left behind; returns how many files."""
    limit = time.time() - older_than_seconds
    stale = [path for path in directory.glob(f"{_PREFIX}*") if path.stat().st_mtime < limit]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)

"""What was fetched, for as long as one copy lasts: the probe reads it and derived files are made from it."""

import asyncio
import hashlib
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from storage.outbound.objects import PART_BYTES

_PREFIX: Final = "framebus-spool-"
_IN_THREAD_BYTES: Final = 256 * 1024
"""Smaller parts are written and hashed at once: handing them to a thread costs more."""
_HELD_BYTES: Final = 1024 * 1024
"""What is no larger stays in memory and needs no file."""


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
    """Keeps and counts what is appended: a little in memory, more in a temporary file."""

    def __init__(self, directory: Path, files: ExitStack) -> None:
        super().__init__()
        self._directory, self._files = directory, files
        self._held = bytearray()
        self._path: Path | None = None
        self._file: BinaryIO | None = None

    @property
    def content(self) -> bytes | Path:
        """All that was appended, or the file that has it."""
        return bytes(self._held) if self._path is None else self._path

    @property
    def path(self) -> Path:
        """The file that has all that was appended; it is made if there is none yet."""
        return self._path or self._open()

    async def append(self, part: bytes | bytearray) -> None:
        """Add bytes; what is in the file is visible to other processes when this returns."""
        await _aside(self._append, part)

    def _append(self, part: bytes | bytearray) -> None:
        self.update(part)
        if self._path is None and self.size_bytes <= _HELD_BYTES:
            self._held += part
            return
        self._open()
        self._write(part)

    def _open(self) -> Path:
        """Make the file, unless it is there."""
        if self._path is None:
            self._path = self._files.enter_context(temporary_path(self._directory))
            self._file = self._files.enter_context(self._path.open("wb"))
            self._write(self._held)
            self._held = bytearray()
        return self._path

    def _write(self, part: bytes | bytearray) -> None:
        assert self._file is not None, "it was opened with the path"
        self._file.write(part)
        self._file.flush()


async def _aside(work: Callable[[bytes | bytearray], None], part: bytes | bytearray) -> None:
    if len(part) < _IN_THREAD_BYTES:
        work(part)
    else:
        await asyncio.to_thread(work, part)


@contextmanager
def open_spool(directory: Path) -> Iterator[Spool]:
    """Make an empty spool; its file, if there is one, is removed at the end."""
    with ExitStack() as files:
        yield Spool(directory, files)


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

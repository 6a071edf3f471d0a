"""`make clean`: stop everything that was started from this checkout and forget its state."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

from stack.down import down
from stack.paths import CACHE, Home

TEST = "test"


def homes(state: Path) -> list[Home]:
    """Return the stack's own home and the test suite's."""
    return [Home(state), Home(state / TEST)]


async def stop_all(state: Path, say: Callable[[str], None]) -> None:
    """Stop the stack and the servers that the test suite left running."""
    for home in homes(state):
        await down(home, say)


async def clean(state: Path, say: Callable[[str], None], *, downloads: bool = False) -> None:
    """Stop all, then remove data, logs and secrets; the download cache only if `downloads`."""
    await stop_all(state, say)
    await asyncio.to_thread(_remove, state, downloads)


def _remove(state: Path, downloads: bool) -> None:
    for home in homes(state):
        _remove_database_outside(home)
    for entry in state.iterdir() if state.exists() else ():
        if entry.name == CACHE.name and not downloads:
            continue
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def _remove_database_outside(home: Home) -> None:
    note = home.data / "postgres.location"
    if note.exists():
        shutil.rmtree(note.read_text().strip(), ignore_errors=True)

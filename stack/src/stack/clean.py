"""`make clean`: stop everything that was started from this checkout and forget its state."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

from stack.down import down
from stack.paths import CACHE, Home


def homes(state: Path) -> list[Home]:
    """Return every home below the state: the stack's own, and those of tests, benches and chaos runs."""
    made = {run.parent for depth in ("run", "*/run", "*/*/run") for run in state.glob(depth) if run.is_dir()}
    return [Home(folder) for folder in sorted({state, *made}) if CACHE not in folder.parents]


async def stop_all(state: Path, say: Callable[[str], None]) -> None:
    """Stop the stack and whatever else was left running below it."""
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

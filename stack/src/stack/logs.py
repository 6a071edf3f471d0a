"""`make logs`: the ends of the log files, and what is added to them."""

import time
from collections.abc import Callable
from pathlib import Path

from stack.errors import StackError
from stack.paths import Home

Say = Callable[[str], None]
_END = 256 * 1024


def tail(home: Home, service: str | None, lines: int, follow: bool, say: Say) -> None:
    """Print the last lines of each log (or of one service's), then what follows until interrupted."""
    files = _files(home, service)
    width = max(len(file.stem) for file in files)
    positions = {file: _print_end(file, lines, width, say) for file in files}
    while follow:
        for file, position in positions.items():
            positions[file] = _print_new(file, position, width, say)
        time.sleep(0.2)


def _files(home: Home, service: str | None) -> list[Path]:
    files = sorted(home.logs.glob(f"{service or '*'}.log"))
    if not files:
        raise StackError(f"no log of {service} in {home.logs}" if service else f"no logs in {home.logs} yet")
    return files


def _print_end(file: Path, lines: int, width: int, say: Say) -> int:
    size = file.stat().st_size
    with file.open("rb") as log:
        log.seek(max(0, size - _END))
        text = log.read(size).decode(errors="replace")
    for line in text.splitlines()[-lines:] if lines else []:
        say(f"{file.stem:<{width}} | {line}")
    return size


def _print_new(file: Path, position: int, width: int, say: Say) -> int:
    size = file.stat().st_size if file.exists() else 0
    start = position if size >= position else 0  # the file was replaced by a new one
    if size == start:
        return start
    with file.open("rb") as log:
        log.seek(start)
        whole, _, _ = log.read(size - start).rpartition(b"\n")
    for line in whole.decode(errors="replace").splitlines():
        say(f"{file.stem:<{width}} | {line}")
    return start + len(whole) + bool(whole)

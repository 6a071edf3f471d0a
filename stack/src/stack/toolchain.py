"""Fetch the Java archives side by side; it needs jgo only, so that it can run beside the package install.

`python -m stack.toolchain [cache]` fetches what `jars.lock` names; `--lock` resolves and writes that file.
jgo serves as a resolver and downloader only: letting it launch Kafka ends in split Java modules.
"""

import fcntl
import hashlib
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jgo.env import EnvironmentBuilder, LinkStrategy
from jgo.maven import MavenContext
from stack.jars import LOCK, Jar, locked, stamp
from stack.paths import CACHE

# Without the pins of kafka-clients and jackson the log4j BOM picks versions that Kafka dies of, by
# NoSuchMethodError; log4j itself is named because Kafka's POM has no logging backend.
_KAFKA = (
    "org.apache.kafka:kafka_2.13:4.1.1"
    "+org.apache.kafka:kafka-clients:4.1.1"
    "+com.fasterxml.jackson.core:jackson-databind:2.19.0"
    "+org.apache.logging.log4j:log4j-slf4j-impl:2.24.3"
)
_S3PROXY = Jar("org.gaul", "s3proxy", "2.9.0", "jar-with-dependencies", "")
_RETRY_SECONDS = (0.5, 1.5)
_HELP = (
    "Kafka's and the S3 server's Java archives could not be fetched from the Maven registry ({fault}): "
    "connect this machine once, name a mirror in FRAMEBUS_MAVEN_REPOSITORY, or point the stack at existing "
    "servers with FRAMEBUS_KAFKA_BOOTSTRAP and FRAMEBUS_S3_ENDPOINT."
)


def fetch(cache: Path) -> None:
    """Fetch and check every archive of the lock, once; OSError or ValueError when one isn't had as pinned."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "jars.lock").open("w") as lock, ThreadPoolExecutor(max_workers=8) as threads:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp(cache).exists():
            return
        context = _context(cache)
        list(threads.map(lambda jar: _fetch_one(context, jar, cache), locked()))
        stamp(cache).touch()


def resolve() -> str:
    """Resolve Kafka's dependencies anew and return the text of a lock file."""
    with tempfile.TemporaryDirectory() as scratch:
        cache = Path(scratch)
        context = _context(cache)
        builder = EnvironmentBuilder(
            context=context, cache_dir=cache / "envs", link_strategy=LinkStrategy.COPY
        )
        built = builder.from_endpoint(_KAFKA, main_class="kafka.Kafka")
        names = {jar.name for folder in (built.jars_dir, built.modules_dir) for jar in folder.glob("*.jar")}
        _download(context, _S3PROXY)
        names.add(_S3PROXY.path(cache).name)
        found = sorted(
            _line(file, cache / "m2") for file in (cache / "m2").rglob("*.jar") if file.name in names
        )
    return "# Made by: python -m stack.toolchain --lock\n" + "".join(f"{line}\n" for line in found)


def _line(file: Path, repository: Path) -> str:
    *group, artifact, version, name = file.relative_to(repository).parts
    classifier = name.removeprefix(f"{artifact}-{version}").removesuffix(".jar").lstrip("-")
    coordinates = ":".join(filter(None, (".".join(group), artifact, version, classifier)))
    return f"{coordinates} {hashlib.sha256(file.read_bytes()).hexdigest()}"


def _fetch_one(context: MavenContext, jar: Jar, cache: Path) -> None:
    path = jar.path(cache)
    if _is_intact(jar, path):
        return
    path.unlink(missing_ok=True)
    for wait in (*_RETRY_SECONDS, None):
        try:
            _download(context, jar)
            break
        except Exception:  # the resolver's own family and its HTTP client's: a busy network deserves a retry
            if wait is None:
                raise
            time.sleep(wait)
    if not _is_intact(jar, path):
        path.unlink(missing_ok=True)
        raise ValueError(f"{path.name} has another checksum than the lock says")


def _is_intact(jar: Jar, path: Path) -> bool:
    return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == jar.sha256


def _download(context: MavenContext, jar: Jar) -> None:
    component = context.project(jar.group, jar.artifact).at_version(jar.version)
    component.artifact(classifier=jar.classifier).resolve()


def _context(cache: Path) -> MavenContext:
    mirror = os.environ.get("FRAMEBUS_MAVEN_REPOSITORY")
    remotes = {"mirror": mirror} if mirror else None
    return MavenContext(repo_cache=cache / "m2", remote_repos=remotes)


def main() -> int:
    """Run the command; the last line on standard error is the sentence for the user."""
    if "--lock" in sys.argv:
        LOCK.write_text(resolve())
        return 0
    try:
        fetch(Path(sys.argv[1]) if len(sys.argv) > 1 else CACHE)
    except Exception as fault:  # whatever the resolver raises, the user needs the one sentence
        reason = str(fault) if isinstance(fault, ValueError) else type(fault).__name__
        sys.stderr.write(_HELP.format(fault=reason) + "\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

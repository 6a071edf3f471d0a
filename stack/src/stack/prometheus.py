"""Prometheus beside a stack: this machine's own, or Debian's package, unpacked without any rights."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from stack.errors import StackError

NAMES = ("prometheus", "promtool")
_SECONDS = 180


def binaries(folder: Path) -> Path:
    """The folder where `prometheus` and `promtool` are, fetched into `folder` once.

    Raises StackError where there is neither such a program nor Debian's archive.
    """
    if found := shutil.which("prometheus"):
        return Path(found).parent
    unpacked = folder / "usr" / "bin"
    if not all((unpacked / name).exists() for name in NAMES):
        _fetch(folder)
    return unpacked


def configuration(targets: Mapping[str, str], rules: Path | None, *, every_seconds: int = 15) -> str:
    """The configuration for processes of one machine: job name → host:port."""
    jobs = [
        {"job_name": name, "static_configs": [{"targets": [address]}]} for name, address in targets.items()
    ]
    pace = f"{every_seconds}s"
    told = {
        "global": {"scrape_interval": pace, "scrape_timeout": pace, "evaluation_interval": pace},
        "rule_files": [str(rules)] if rules else [],
        "scrape_configs": jobs,
    }
    return json.dumps(told, indent=2)  # YAML takes it as it is


def _fetch(folder: Path) -> None:
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise StackError("there is no prometheus here and no apt-get to fetch it with")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    own = [f"Dir::{name}={folder / name.replace('::', '-')}" for name in ("State::Lists", "Cache")]
    if not _apt(folder, [], "download", "prometheus"):
        (folder / "State-Lists" / "partial").mkdir(parents=True)
        if not (_apt(folder, own, "update") and _apt(folder, own, "download", "prometheus")):
            raise StackError("there is no prometheus here, and apt-get could not fetch it")
    [package] = folder.glob("prometheus_*.deb")
    subprocess.run(["dpkg", "-x", package, folder], check=True, capture_output=True)
    package.unlink()


def _apt(folder: Path, settings: list[str], *words: str) -> bool:
    options = [word for setting in [*settings, "APT::Sandbox::User=root"] for word in ("-o", setting)]
    try:
        done = subprocess.run(
            ["apt-get", "-q", *options, *words],
            cwd=folder,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0

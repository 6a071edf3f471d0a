"""`make setup`: the virtual environment, once. Run by any Python 3.11+: it imports the standard library only.

pip brings the installer (uv) and the downloader of the Java archives from `requirements/bootstrap.lock`; then
the archives and all Python packages are fetched side by side. A stamp makes later runs a look at a few files.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "framebus-setup"
LOCK = ROOT / "requirements.lock"
BOOTSTRAP = ROOT / "requirements" / "bootstrap.lock"
_OFFLINE = (
    "The Python packages could not be installed; the lines above say why. A first `make setup` needs a "
    "package registry (pip's own settings for indexes, mirrors and certificates are honoured)."
)


def main() -> int:
    """Install what is missing; 1 and a sentence on standard error if that fails."""
    if STAMP.exists() and STAMP.read_text() == _digest():
        return 0
    try:
        _environment()
        _pip("--require-hashes", "-r", str(BOOTSTRAP))
        archives = _fetch_archives()
        _packages()
        _editable()
        _wait(archives)
    except subprocess.CalledProcessError:
        sys.stderr.write(f"{_OFFLINE}\n")
        return 1
    STAMP.write_text(_digest())
    return 0


def _members() -> list[Path]:
    workspace = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]["workspace"]
    return [ROOT / member for member in workspace["members"]]


def _digest() -> str:
    seen = hashlib.sha256(f"{ROOT} {sys.version_info[:2]}".encode())
    for file in (LOCK, BOOTSTRAP, *(member / "pyproject.toml" for member in _members())):
        seen.update(file.read_bytes())
    return seen.hexdigest()


def _environment() -> None:
    if _is_whole():
        return
    _say("making .venv")
    base = getattr(sys, "_base_executable", sys.executable)  # we may run in the very .venv that goes
    shutil.rmtree(VENV, ignore_errors=True)
    if subprocess.run([base, "-m", "venv", str(VENV)], check=False).returncode:
        raise SystemExit(f"{base} can't make virtual environments: install its venv module (python3-venv)")


def _is_whole() -> bool:
    """Say whether .venv works here: the scripts of one that was moved still point to where it was."""
    try:
        pip = subprocess.run([VENV / "bin" / "pip", "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return pip.returncode == 0 and str(VENV) in pip.stdout


def _pip(*words: str) -> None:
    quiet = ("--quiet", "--disable-pip-version-check", "--no-input")
    subprocess.run([PYTHON, "-m", "pip", "install", *quiet, *words], check=True)


def _uv(*words: str) -> bool:
    command = [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--python", str(PYTHON), *words]
    environment = {**os.environ, **dict(_uv_settings())}
    return subprocess.run(command, env=environment, check=False).returncode == 0


def _uv_settings() -> Iterator[tuple[str, str]]:
    """Hand pip's settings to uv, which reads none of them."""
    yield "UV_NATIVE_TLS", "true"
    names = {
        "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
        "PIP_EXTRA_INDEX_URL": "UV_INDEX",
        "PIP_CERT": "SSL_CERT_FILE",
    }
    for theirs, ours in names.items():
        if os.environ.get(theirs) and not os.environ.get(ours):
            yield ours, os.environ[theirs]
    links = [
        link for link in os.environ.get("PIP_FIND_LINKS", "").split() if "://" in link or Path(link).is_dir()
    ]
    if links and "UV_FIND_LINKS" not in os.environ:
        yield "UV_FIND_LINKS", ",".join(links)


def _packages() -> None:
    _say("installing the Python packages")
    pinned = ("--require-hashes", "-r", str(LOCK))
    if not _uv("--compile-bytecode", *pinned):
        _say("uv could not; trying pip")
        _pip(*pinned)


def _editable() -> None:
    words = ["--no-deps", "--no-build-isolation"]
    for member in _members():
        words += ["--editable", str(member)]
    if not _uv(*words):
        _pip(*words)


def _fetch_archives() -> "subprocess.Popen[bytes]":
    _say("fetching the Java archives of Kafka and the S3 server")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "stack" / "src")}
    return subprocess.Popen([PYTHON, "-m", "stack.toolchain"], env=environment)


def _wait(archives: "subprocess.Popen[bytes]") -> None:
    if archives.wait():
        _say("going on without the archives: `make up` will ask for them again")


def _say(what: str) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())

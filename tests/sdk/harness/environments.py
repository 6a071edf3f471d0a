"""One virtual environment per SDK, made from its lock and kept for as long as the lock is the same."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

SDK = Path(__file__).parents[1]
ROOT = SDK.parents[1]
MADE = ROOT / ".framebus" / "sdk"
UV = Path(sys.executable).with_name("uv")
COMPILE = (
    "pip", "compile", "--universal", "--generate-hashes", "--no-emit-index-url", "--python-version", "3.11",
    "--no-header", "--quiet", "--upgrade",
)  # fmt: skip


def names() -> list[str]:
    """The SDKs that have checks."""
    return sorted(path.parent.name for path in SDK.glob("*/checks.py"))


def python(name: str) -> Path:
    """The interpreter of an SDK's environment, which is made if it isn't there as locked."""
    home, lock = MADE / name, SDK / name / "requirements.lock"
    stamp, state = home / "made-from", hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    interpreter = home / "bin" / "python"
    if stamp.exists() and stamp.read_text() == state:
        return interpreter
    shutil.rmtree(home, ignore_errors=True)
    _uv("venv", "--quiet", "--python", sys.executable, str(home))
    _uv("pip", "install", "--quiet", "--python", str(interpreter), "--require-hashes", "-r", str(lock))
    stamp.write_text(state)
    return interpreter


def lock() -> None:
    """Pin the newest allowed version of every SDK anew."""
    for path in sorted(SDK.glob("*/requirements.in")):
        where = str(path.relative_to(ROOT))
        _uv(*COMPILE, where, "-o", where.replace(".in", ".lock"))


def _uv(*arguments: str) -> None:
    subprocess.run([str(UV), *arguments], check=True, cwd=ROOT, env={**os.environ, "VIRTUAL_ENV": ""})

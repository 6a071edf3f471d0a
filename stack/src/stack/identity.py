"""Is that process still the one we started? A pid alone doesn't say: it may have been given away again."""

import subprocess
from pathlib import Path

_PROC = Path("/proc")
# Places in /proc/<pid>/stat, counted after the closing parenthesis of the command (proc(5): 20 and 22).
_THREADS = 17
_STARTTIME = 19


def identity(pid: int) -> str | None:
    """Return what tells a process from any other that ever had its pid; None when it is gone or a zombie."""
    return _from_proc(pid) if (_PROC / "self" / "stat").exists() else _from_ps(pid)


def _from_proc(pid: int) -> str | None:
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    if fields[0] in "ZX" and int(fields[_THREADS]) <= 1:  # its first thread may be dead and the others not
        return None
    boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}:{fields[_STARTTIME]}"


def _from_ps(pid: int) -> str | None:
    done = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, started = done.stdout.strip().partition(" ")
    return None if done.returncode or state.startswith("Z") else started.strip()

"""PostgreSQL refuses to run as root: the user it drops to there, and where that user can reach its files."""

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from stack.errors import StackError
from stack.paths import PROJECT, Home

_CANDIDATES = ("postgres", "nobody")


def drop_to() -> pwd.struct_passwd | None:
    """Return the user to run PostgreSQL as: None unless we are root, else the project's owner or postgres."""
    if os.geteuid() != 0:
        return None
    owner = PROJECT.stat().st_uid
    if owner != 0:
        return pwd.getpwuid(owner)
    for name in _CANDIDATES:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise StackError(
        "PostgreSQL can't run as root and this system has no user postgres or nobody: run as a plain user"
    )


def data_folder(home: Home, user: pwd.struct_passwd | None) -> Path:
    """Return PostgreSQL's folder: in the stack's data, or outside when the dropped-to user can't get there.

    The choice is made once and written down, so that a later change of rights doesn't lose the data.
    """
    note = home.data / "postgres.location"
    if note.exists():
        return Path(note.read_text().strip())
    inside = home.data / "postgres"
    folder = inside if user is None or _can_enter(user, home.data) else _outside(home)
    folder.mkdir(parents=True, exist_ok=True)
    if user:
        os.chown(folder, user.pw_uid, user.pw_gid)
    note.write_text(f"{folder}\n")
    return folder


def installation(folder: Path, wheel: Path, user: pwd.struct_passwd | None) -> Path:
    """Return an installation that the user can run: the wheel's, or a copy beside the data."""
    if user is None or _can_run(user, wheel / "bin" / "postgres"):
        return wheel
    copy = folder / "installation"
    if not copy.exists():
        draft = folder / "installation.new"
        shutil.rmtree(draft, ignore_errors=True)
        _copy(wheel, draft)
        draft.rename(copy)
    return copy / wheel.parent.name / wheel.name


def _copy(wheel: Path, to: Path) -> None:
    """Copy the binaries and, in the same place relative to them, the libraries that the wheel carries."""
    package = wheel.parent
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(wheel, to / package.name / wheel.name, symlinks=True)
    if libraries.exists():
        shutil.copytree(libraries, to / libraries.name, symlinks=True)
    subprocess.run(["chmod", "-R", "a+rX", str(to)], check=True)


def _outside(home: Home) -> Path:
    name = hashlib.sha256(str(home.state.resolve()).encode()).hexdigest()[:12]
    for base in (Path("/var/lib"), Path(tempfile.gettempdir())):
        if os.access(base, os.W_OK):
            return base / f"framebus-{name}"
    raise StackError(
        f"the database's user can't enter {home.data}, and neither /var/lib nor the temporary folder is ours"
    )


def run_as(user: pwd.struct_passwd | None, argv: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command as the user (None: as ourselves) and return its result; PermissionError if it can't."""
    return subprocess.run(
        argv,
        cwd="/",
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
        capture_output=True,
        text=True,
        check=False,
    )


def _can_enter(user: pwd.struct_passwd, folder: Path) -> bool:
    return _succeeds(user, ["/bin/sh", "-c", 'cd "$0"', str(folder)])


def _can_run(user: pwd.struct_passwd, program: Path) -> bool:
    return _succeeds(user, [str(program), "--version"])


def _succeeds(user: pwd.struct_passwd, argv: list[str]) -> bool:
    try:
        return run_as(user, argv).returncode == 0
    except PermissionError:
        return False

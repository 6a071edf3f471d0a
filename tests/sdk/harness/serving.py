"""The one simulator that all SDKs talk to, on a free port."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

ENVIRONMENT = {
    "SIM_DELAY_SECONDS": "0.4",
    "SIM_RENDER": "cached",
    "SIM_GEMINI_HTTPS_URIS": "1",
    "SIM_CALLBACK_RETRY_SECONDS": "0.1",
}


@contextlib.contextmanager
def simulator() -> Iterator[str]:
    """Its address, for as long as the block lasts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", "--port", str(port)], env={**os.environ, **ENVIRONMENT}
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/readyz", timeout=5):  # noqa: S310
            return
        time.sleep(0.05)
    raise SystemExit("the simulator did not start")

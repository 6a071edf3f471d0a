import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from providers.job import Credential

sys.path.insert(0, str(Path(__file__).parent))  # `scenarios` and `goldens` are importable


@pytest.fixture
def credential() -> Credential:
    return Credential("cred-1", "secret-key")


@pytest.fixture(scope="session")
def simulator() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    env = {"SIM_DELAY_SECONDS": "0.1", "SIM_RENDER": "cached"}
    process = subprocess.Popen([sys.executable, "-m", "simulator", "--port", str(port)], env=env)
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                break
        except httpx.TransportError:
            time.sleep(0.05)
    yield url
    process.terminate()
    process.wait(10)

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from stack import processes
from stack.paths import Home
from stack.ports import assign
from stack.processes import Spec

SERVER = """
import os, signal, socket, sys, time
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("serving", os.environ.get("COLOUR"), flush=True)
if "deaf" in sys.argv: signal.signal(signal.SIGTERM, signal.SIG_IGN)
while True: time.sleep(60)
"""
Toy = Callable[..., Spec]


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    home = Home(tmp_path / "state")
    home.make()
    yield home
    for name in processes.records(home):
        await processes.stop(home, name)


@pytest.fixture
def toy(home: Home) -> Toy:
    """`toy("name", *words, colour=…)` is a little server that accepts on a port of its own."""

    def make(name: str = "toy", *words: str, colour: str = "red", stop_seconds: float = 30.0) -> Spec:
        known = processes.find(home, name)
        port = known.spec.port if known else assign(home, [name])[name]
        argv = (sys.executable, "-c", SERVER, str(port), *words)
        environment = {"COLOUR": colour, "TOY_HTTP_PORT": str(port)}
        return Spec(name, argv, port, f"tcp://127.0.0.1:{port}", environment, stop_seconds=stop_seconds)

    return make

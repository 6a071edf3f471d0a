"""`python -m simulator --port 9400 [--host …] [--data DIR]`: serve until told to stop."""

import argparse
import dataclasses
import logging
import signal
import sys
from pathlib import Path

import uvicorn
from simulator.app import build_app
from simulator.settings import Settings, from_environment


def main() -> None:
    """Read settings (arguments win over `SIM_*`) and run the server."""
    try:
        settings = _settings(from_environment())
    except ValueError as error:
        sys.exit(f"simulator: {error}")
    # The server raises the signal again when it has shut down; to be told to stop is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    uvicorn.run(
        build_app(settings),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        proxy_headers=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=3,
    )


def _settings(settings: Settings) -> Settings:
    parser = argparse.ArgumentParser(
        prog="simulator", description="Speaks the media providers' wire protocols."
    )
    parser.add_argument("--port", type=int, default=settings.port)
    parser.add_argument("--host", default=settings.host)
    parser.add_argument("--data", type=Path, default=settings.data_dir, help="keep jobs, log and files here")
    given = parser.parse_args()
    return dataclasses.replace(settings, port=given.port, host=given.host, data_dir=given.data)


if __name__ == "__main__":
    main()

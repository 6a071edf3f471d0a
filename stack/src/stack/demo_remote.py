"""`make demo-remote`: the demo's three requests against a gateway that runs elsewhere, such as in containers.

Where and as whom: `BASE_URL` and `API_KEY`, else `PUBLIC_BASE_URL` and `DEMO_API_KEY` of `.env`. Exit code 0
only if all succeeded; the ledger's books are proven where the ledger runs (`service check` in its container).
"""

import asyncio
import os
import sys
from pathlib import Path

import httpx
from stack import env_file
from stack.demo import console, show
from stack.errors import StackError


def target(file: Path) -> tuple[str, str]:
    """The base URL and the key. StackError says what is missing."""
    known = env_file.read(file)
    base = os.environ.get("BASE_URL") or known.get("PUBLIC_BASE_URL")
    key = os.environ.get("API_KEY") or known.get("DEMO_API_KEY")
    if not base or not key:
        raise StackError("say where and as whom: make demo-remote BASE_URL=https://… API_KEY=mv_live_…")
    return base, key


def main() -> int:
    """The command: `python -m stack.demo_remote [FILE]`."""
    file = Path(sys.argv[1] if len(sys.argv) > 1 else ".env")
    folder = Path(".framebus") / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        base, key = target(file)
        succeeded = asyncio.run(show(base, key, folder))
    except (StackError, httpx.HTTPError) as error:
        console.print(f"[red]{type(error).__name__}: {error}[/red]")
        return 1
    console.print("all succeeded" if succeeded else "not all succeeded")
    return 0 if succeeded else 1


if __name__ == "__main__":
    sys.exit(main())

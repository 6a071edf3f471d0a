"""`python tests/sdk/harness [checks|goldens|lock] [--only SDK[:CHECK]]`: all SDKs against one simulator."""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import environments
from serving import simulator

GOLDENS = environments.SDK / "goldens"
AT_ONCE = 3
"""Checks mostly wait; the SDKs' imports are what costs."""


def main() -> int:
    """Return 0 if every check is as it should be."""
    parser = argparse.ArgumentParser(prog="sdk")
    parser.add_argument("what", choices=("checks", "goldens", "lock"))
    parser.add_argument("--only", default="", help="an SDK, or SDK:part of a check's name")
    given = parser.parse_args()
    if given.what == "lock":
        environments.lock()
        return 0
    sdk, _, check = given.only.partition(":")
    chosen = [name for name in environments.names() if sdk in ("", name)]
    if not chosen:
        parser.error(f"there is no SDK {sdk!r}; there are {', '.join(environments.names())}")
    with simulator() as url, ThreadPoolExecutor(AT_ONCE) as pool:
        if given.what == "goldens":
            results = [_write(name, url) for name in chosen]
        else:
            results = [
                good for each in pool.map(lambda name: _verdicts(name, url, check), chosen) for good in each
            ]
    _print(f"{sum(results)} of {len(results)} are as they should be")
    return 0 if results and all(results) else 1


def _verdicts(name: str, url: str, only: str) -> list[bool]:
    lines = [_checked(name, line) for line in _inside(name, url, "checks", only)]
    return lines if only else lines + [_compared(name, line) for line in _inside(name, url, "goldens")]


def _checked(sdk: str, line: dict[str, Any]) -> bool:
    if "guards" in line:
        good = line["verdict"] == "red"
        _report(sdk, line["name"], f"guards {line['guards']}: {line['verdict']}", "" if good else line["why"])
        return good
    _report(sdk, line["name"], line["verdict"], line.get("why", ""))
    return bool(line["verdict"] == "ok")


def _compared(sdk: str, line: dict[str, Any]) -> bool:
    path, fresh = GOLDENS / sdk / f"{line['name']}.json", line.get("requests")
    if line["verdict"] != "ok":
        _report(sdk, f"golden {line['name']}", "failed", line["why"])
        return False
    same = path.exists() and json.loads(path.read_text()) == fresh
    why = "" if same else f"{path.relative_to(environments.ROOT)} isn't what the SDK sends: make goldens"
    _report(sdk, f"golden {line['name']}", "ok" if same else "differs", why)
    return same


def _write(sdk: str, url: str) -> bool:
    good = True
    for line in _inside(sdk, url, "goldens"):
        _report(sdk, f"golden {line['name']}", line["verdict"], line.get("why", ""))
        good = good and line["verdict"] == "ok"
        if line["verdict"] == "ok":
            path = GOLDENS / sdk / f"{line['name']}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps(line["requests"], indent=2, ensure_ascii=False, sort_keys=True)
            path.write_text(text + "\n")
    return good


def _inside(name: str, url: str, *wanted: str) -> Iterator[dict[str, Any]]:
    """The lines that an SDK's own interpreter says; one more if it ends badly."""
    command = [str(environments.python(name)), "-P", str(Path(__file__).with_name("inside.py"))]
    process = subprocess.Popen(
        [*command, str(environments.SDK / name), url, *wanted], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for text in process.stdout:
        yield json.loads(text)
    if process.wait():
        yield {"name": "all", "verdict": "failed", "why": f"the checks ended with {process.returncode}"}


def _report(sdk: str, name: str, verdict: str, why: str) -> None:
    _print(f"{sdk:20} {name:52} {verdict}" + (f"\n{why}" if why else ""))


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

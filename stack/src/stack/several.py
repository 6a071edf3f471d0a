"""Run several command lines of one package in one process: its imports cost more than all the commands.

`python -m stack.several <package>` reads a JSON list of word lists; it stops at the first command that fails.
"""

import json
import runpy
import sys


def run(package: str, commands: list[list[str]]) -> int:
    """Run `python -m <package> <words>` for each list; return the exit code of the first that fails, or 0."""
    for words in commands:
        sys.argv = [package, *words]
        try:
            runpy.run_module(package, run_name="__main__", alter_sys=True)
        except SystemExit as end:
            if isinstance(end.code, str):
                sys.stderr.write(f"{end.code}\n")
            if end.code:
                return end.code if isinstance(end.code, int) else 1
    return 0


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1], json.load(sys.stdin)))

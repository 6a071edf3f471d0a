"""`python -m catalog check [FILE…]`: name the mistakes in models and tiers before a service reads them."""

import argparse
import sys
from pathlib import Path

from catalog.checking import Spoken, mistakes, packaged


def main(arguments: list[str] | None = None) -> int:
    """The command; 1 if there is a mistake."""
    parser = argparse.ArgumentParser(prog="python -m catalog", description=__doc__)
    commands = parser.add_subparsers(required=True)
    check = commands.add_parser("check", help="check model files, or the whole packaged catalog")
    check.add_argument("files", nargs="*", type=Path, metavar="FILE", help="a model's file; none: all")
    check.add_argument("--catalog", type=Path, default=packaged(), help="the folder with tiers.yaml")
    check.add_argument("--spoken", metavar="JSON", help="what `python -m providers` prints; - reads it here")
    given = parser.parse_args(arguments)
    spoken = Spoken.read(sys.stdin.read() if given.spoken == "-" else given.spoken)
    found = mistakes(given.catalog, given.files, spoken)
    for each in found:
        sys.stderr.write(f"{each}\n")
    if not found:
        sys.stdout.write(f"{len(given.files) or 'all'} model file(s): no mistake\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m chaos --seed 1 --minutes 3`: a run, its table and report; exit code 1 on any violation."""

import argparse
import asyncio
import logging
import sys

from chaos.remedies import REMEDIES
from chaos.report import Report
from chaos.run import Run
from chaos.schedule import digest, schedule
from chaos.stage import HOME
from chaos.summary import summary


def main(words: list[str]) -> int:
    """Run, print the table, write the report."""
    given = _parser().parse_args(words)
    if given.show:
        faults = schedule(given.seed, given.minutes)
        print(
            f"schedule {digest(faults)}", *(f"{each.at:6.1f} s  {each.words()}" for each in faults), sep="\n"
        )
        return 0
    if given.summary:
        print(summary(HOME, given.summary), end="")
        return 0
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it says at length that a broker is away
    report: Report = asyncio.run(Run(given.seed, given.minutes, given.without, given.calm)())
    report.show()
    file = report.save(HOME)
    verdict = f"violated: {', '.join(report.violated)}" if report.violated else "every invariant holds"
    print(f"seed {report.seed}, schedule {report.schedule}: {verdict}; {file}")
    return 1 if report.violated else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--without", choices=sorted(REMEDIES), help="take one remedy out of the services")
    parser.add_argument("--calm", action="store_true", help="the load alone, no faults")
    parser.add_argument("--show", action="store_true", help="print the schedule, run nothing")
    parser.add_argument(
        "--summary", type=int, nargs="+", metavar="SEED", help="print these seeds' saved reports side by side"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

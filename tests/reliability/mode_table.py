"""Writes the table of failure modes into docs/reliability.md: `make reliability-doc`."""

import ast
from functools import cache
from pathlib import Path
from typing import NamedTuple

from failure_modes import MODES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.md"
BEGIN = "<!-- written by `make reliability-doc` from tests/reliability/failure_modes.py and the tests -->\n"
END = "<!-- end of what `make reliability-doc` writes -->\n"


class Numbered(NamedTuple):
    """A test that names its failure mode."""

    mode: int
    path: str
    name: str


@cache
def numbered() -> tuple[Numbered, ...]:
    """All tests named `test_fmNN_…`, in the order of their numbers, wherever in the suite they are."""
    found = []
    for path in ROOT.glob("tests/**/test_*.py"):
        if "def test_fm" in (source := path.read_text("utf-8")):
            where = path.relative_to(ROOT).as_posix()
            found += [Numbered(int(name[7:9]), where, name) for name in _functions(source)]
    return tuple(sorted(found))


def _functions(source: str) -> list[str]:
    nodes = ast.parse(source).body
    names = [node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [name for name in names if name.startswith("test_fm")]


def table() -> str:
    """The rows, between the marks."""
    lines = ["| | what goes wrong | what answers it | shown by |\n", "|---|---|---|---|\n"]
    lines += [f"| {n} | {mode.failure} | {mode.remedy} | {_shown_by(n)} |\n" for n, mode in MODES.items()]
    return "".join([BEGIN, "\n", *lines, "\n", END])


def _shown_by(mode: int) -> str:
    return "<br>".join(f"[`{each.name}`](../{each.path})" for each in numbered() if each.mode == mode)


def page() -> str:
    """The page with the table as it should be."""
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    return before + table() + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")

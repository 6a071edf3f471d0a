"""Each failure mode has tests that carry its number, and docs/reliability.md names them and no others."""

import ast
import re

from failure_modes import MODES
from mode_table import PAGE, ROOT, numbered, page

_NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def test_every_failure_mode_has_tests_and_every_numbered_test_has_a_mode() -> None:
    assert list(MODES) == list(range(1, 39))
    assert {each.mode for each in numbered()} == set(MODES)


def test_the_page_has_every_numbered_test() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `make reliability-doc`"


def test_the_tests_that_the_page_names_exist() -> None:
    named = _NAMED.findall(PAGE.read_text("utf-8"))
    assert len(named) > 20
    assert [f"{path}::{name}" for path, name in named if not _exists(path, name)] == []


def _exists(path: str, name: str) -> bool:
    file = ROOT / path
    if not file.is_file():
        return False
    nodes = ast.walk(ast.parse(file.read_text("utf-8")))
    names = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    return not name or name in names

"""The dashboards: written anew they are the same, and what they ask is exported."""

import json
import re
import runpy
from pathlib import Path
from typing import Any

import pytest
from metric_table import NAMED, ROOT, every

BUILD = runpy.run_path(str(ROOT / "deploy" / "grafana" / "build.py"))
FILES = sorted(BUILD["FOLDER"].glob("*.json"))


def expressions(file: Path) -> list[str]:
    panels: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


def named(exprs: list[str]) -> set[str]:
    return {name for expr in exprs for name in NAMED.findall(re.sub(r"\{[^}]*\}", "", expr))}


def test_the_files_are_what_the_description_says() -> None:
    told = {BUILD["file_of"](name): BUILD["written"](name) for name in BUILD["DASHBOARDS"]}
    assert told == {file: file.read_text("utf-8") for file in FILES}, "run `make dashboards`"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_dashboard_asks_only_for_what_is_exported(file: Path) -> None:
    exported = {name for row in every() for name in row.names}
    assert named(expressions(file)) <= exported


def test_every_metric_is_seen_in_a_dashboard() -> None:
    seen = named([expr for file in FILES for expr in expressions(file)])
    assert [row.name for row in every() if not seen & set(row.names)] == []

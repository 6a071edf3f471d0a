"""Each metric is there once, in its package's metrics.py, and on the page."""

import ast
import re
from collections import Counter
from pathlib import Path

from metric_table import PAGE, ROOT, Row, every, page

KINDS = {"Counter", "Gauge", "Histogram", "Summary", "Info", "Enum"}
SOURCES = [*ROOT.glob("services/*/src/**/*.py"), *ROOT.glob("libs/*/src/**/*.py")]


def test_the_page_says_what_the_code_exports() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `make metrics-doc`"


def test_a_metrics_name_is_there_once_and_says_whose_it_is() -> None:
    rows = every()
    assert [name for name, times in Counter(row.name for row in rows).items() if times > 1] == []
    owners = "framebus|gateway|ledger|dispatcher|callbacks|storage"
    assert [row.name for row in rows if not re.fullmatch(rf"({owners})_[a-z_]+", row.name)] == []


def test_a_metric_has_a_meaning_its_unit_in_its_name_and_no_id_for_a_label() -> None:
    def odd(row: Row) -> bool:
        ids = {"id", "task", "task_id", "account", "account_id", "key_id", "url"} & set(row.labels)
        units = {"seconds", "bytes", "credits"} & set(row.name.split("_"))
        return bool(ids) or len(row.meaning) < 10 or units != ({row.unit} - {"count"})

    assert [row.name for row in every() if odd(row)] == []


def test_metrics_are_made_nowhere_but_in_the_metrics_files() -> None:
    assert [
        str(file.relative_to(ROOT)) for file in SOURCES if file.name != "metrics.py" and _makes(file)
    ] == []


def _makes(file: Path) -> bool:
    text = file.read_text("utf-8")
    if "prometheus_client" not in text:
        return False
    imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    names = {alias.name for node in imports if node.module == "prometheus_client" for alias in node.names}
    called = {
        getattr(node.func, "id", "") for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)
    }
    return bool(names & KINDS & called)

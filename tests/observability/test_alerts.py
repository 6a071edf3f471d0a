"""The alert rules: well-formed, explained, and each fires under its fault and under nothing else."""

import json
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from alert_cases import CASES, Case
from metric_table import NAMED, ROOT, every
from stack.errors import StackError
from stack.paths import STATE
from stack.prometheus import binaries

RULES = ROOT / "deploy" / "prometheus" / "alerts.yml"


@pytest.fixture(scope="module")
def promtool() -> Path:
    try:
        return binaries(STATE / "prometheus") / "promtool"
    except StackError as error:
        pytest.skip(str(error))


@cache
def rules() -> dict[str, dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def run(promtool: Path, *words: str | Path) -> str:
    done = subprocess.run([promtool, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_prometheus_takes_the_rules_and_the_configuration(promtool: Path) -> None:
    run(promtool, "check", "rules", "--lint-fatal", RULES)
    run(promtool, "check", "config", "--syntax-only", RULES.with_name("prometheus.yml"))


def test_an_alert_names_only_metrics_that_are_exported() -> None:
    exported = {name for row in every() for name in row.names}
    named = {name for rule in rules().values() for name in NAMED.findall(_without_labels(rule["expr"]))}
    assert named <= exported


def _without_labels(expr: str) -> str:
    return re.sub(r"\{[^}]*\}", "", expr)


def test_every_alert_has_its_paragraph_in_the_operations_guide_and_no_paragraph_is_left_over() -> None:
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    paragraphs = dict(re.findall(r"^### (Framebus\w+)\n\n(.+)$", page, re.MULTILINE))
    assert list(paragraphs) == list(rules())
    assert [name for name, text in paragraphs.items() if len(text) < 80] == []
    assert {rule["labels"]["severity"] for rule in rules().values()} == {"critical", "warning", "info"}


def test_every_alert_is_tried() -> None:
    assert list(CASES) == list(rules())


def test_each_alert_fires_under_its_fault_and_not_otherwise(promtool: Path, tmp_path: Path) -> None:
    files = [_file(tmp_path, name, case) for name, case in CASES.items()]
    assert run(promtool, "test", "rules", *files).count("SUCCESS") == len(CASES)


def _file(folder: Path, name: str, case: Case) -> Path:
    """A file of tests beside a file with nothing but the rule: the others would only cost time."""
    rule = folder / f"{name}-rule.json"
    rule.write_text(json.dumps({"groups": [{"name": "one", "rules": [rules()[name]]}]}))
    tests = [_test(name, case.firing, case.at, 1), _test(name, case.quiet, case.at, 0)]
    told = {"rule_files": [str(rule)], "evaluation_interval": "1m", "tests": tests}
    file = folder / f"{name}.json"
    file.write_text(json.dumps(told))
    return file


def _test(name: str, series: dict[str, str], at: str, firing: int) -> dict[str, Any]:
    asked = f'count(count by (alertname) (ALERTS{{alertname="{name}", alertstate="firing"}}))'
    return {
        "name": f"{name} {'fires' if firing else 'is quiet'}",
        "interval": "1m",
        "input_series": [{"series": each, "values": values} for each, values in series.items()],
        "promql_expr_test": [
            {"expr": asked, "eval_time": at, "exp_samples": [{"labels": "{}", "value": 1}] if firing else []}
        ],
    }

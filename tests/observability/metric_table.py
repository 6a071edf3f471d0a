"""Writes docs/metrics.md from the code: `make metrics-doc`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "metrics.md"
MODULES = (
    "runtime.metrics",
    "gateway.metrics",
    "ledger.metrics",
    "dispatcher.metrics",
    "callbacks.metrics",
    "storage.metrics",
)
NAMED = re.compile(r"\b(?:framebus|gateway|ledger|dispatcher|callbacks|storage)_[a-z_]+\b")
"""A metric's name in an expression without its labels."""
_HEAD = """# Metrics

Written by `make metrics-doc` from each package's `metrics.py`.

Every process answers `GET /metrics` on its port, inside only. Counters count since the process began: use
`rate()` and `increase()`. Gauges of what the database and the broker hold are set every
`…_MEASURE_SECONDS` (10) by each process of the role `consumer`, never at a scrape: every replica tells the
same, so take `max by (…)`. What can't be measured is not told, and `framebus_measured_timestamp_seconds`
grows old. No label holds an id of a task or an account. The client library adds `process_*` and `python_*`.

Alerts and dashboards made of these: [operations.md](operations.md#alerts).
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A metric as its samples are called: `names` of a histogram has three."""

    name: str
    kind: str
    unit: str
    labels: tuple[str, ...]
    meaning: str

    @property
    def names(self) -> tuple[str, ...]:
        """What a query may name."""
        if self.kind == "histogram":
            return tuple(f"{self.name}_{part}" for part in ("bucket", "count", "sum"))
        return (self.name,)


def metrics(module: str) -> list[Row]:
    """The metrics of a module in the order of its file."""
    found = vars(import_module(module)).values()
    return [_row(each) for each in found if isinstance(each, MetricWrapperBase)]


def every() -> list[Row]:
    """The metrics of the whole suite."""
    return [row for module in MODULES for row in metrics(module)]


def _row(metric: MetricWrapperBase) -> Row:
    [told] = metric.describe()
    name = f"{told.name}_total" if told.type == "counter" else told.name
    return Row(name, told.type, told.unit or "count", tuple(metric._labelnames), told.documentation)


def page() -> str:
    """The page."""
    return "".join([_HEAD, *(line for module in MODULES for line in _section(module))])


def _section(module: str) -> Iterator[str]:
    package = module.partition(".")[0]
    yield f"\n## {'Every process' if package == 'runtime' else package.capitalize()}\n\n"
    yield "| metric | type | unit | labels | meaning |\n|---|---|---|---|---|\n"
    for row in metrics(module):
        labels = ", ".join(f"`{label}`" for label in row.labels)
        yield f"| `{row.name}` | {row.kind} | {row.unit} | {labels} | {row.meaning} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")

"""Writes the dashboards as Grafana reads them, from dashboards.yml: `make dashboards`."""

import json
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "dashboards"
DASHBOARDS: Mapping[str, Mapping[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("dashboards.yml").read_text("utf-8")
)
_SOURCE = {"type": "prometheus", "uid": "framebus"}
_WIDTH = 24


def written(name: str) -> str:
    """The text of a dashboard's file."""
    return json.dumps(_document(name, DASHBOARDS[name]), indent=1) + "\n"


def file_of(name: str) -> Path:
    """Where it is."""
    return FOLDER / f"{name}.json"


def _document(name: str, told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "uid": f"framebus-{name}",
        "title": told["title"],
        "tags": ["framebus"],
        "editable": True,
        "refresh": "15s",
        "schemaVersion": 39,
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "panels": list(_panels(told["rows"])),
        "links": [{"type": "dashboards", "tags": ["framebus"], "title": "Framebus", "asDropdown": True}],
    }


def _panels(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    numbers, top = count(1), 0
    for row in rows:
        width = _WIDTH // len(row["panels"])
        for place, panel in enumerate(row["panels"]):
            at = {"h": row["height"], "w": width, "x": place * width, "y": top}
            yield {"id": next(numbers), "gridPos": at, **_panel(panel)}
        top += row["height"]


def _panel(told: Mapping[str, Any]) -> dict[str, Any]:
    kind, defaults = told["kind"], {"unit": told["unit"], "min": 0}
    if kind == "stack":
        defaults["custom"] = {"stacking": {"mode": "normal"}, "fillOpacity": 40}
    return {
        "title": told["title"],
        "description": told.get("about", ""),
        "type": {"graph": "timeseries", "stack": "timeseries"}.get(kind, kind),
        "datasource": _SOURCE,
        "targets": list(_targets(told["exprs"], table=kind == "table")),
        "fieldConfig": {"defaults": defaults, "overrides": []},
        **(_columns(told["exprs"]) if kind == "table" else {}),
    }


def _targets(exprs: Mapping[str, str], *, table: bool) -> Iterator[dict[str, Any]]:
    for letter, (legend, expr) in zip("ABCDEFGHIJ", exprs.items(), strict=False):
        shape = {"format": "table", "instant": True} if table else {"legendFormat": legend}
        yield {"refId": letter, "datasource": _SOURCE, "expr": expr, **shape}


def _columns(exprs: Mapping[str, str]) -> dict[str, Any]:
    """One row for each set of labels, a column for each expression, named by its legend."""
    names = {f"Value #{letter}": legend for letter, legend in zip("ABCDEFGHIJ", exprs, strict=False)}
    named = {"excludeByName": {"Time": True}, "renameByName": names}
    return {"transformations": [{"id": "merge", "options": {}}, {"id": "organize", "options": named}]}


if __name__ == "__main__":
    for each in DASHBOARDS:
        file_of(each).write_text(written(each), "utf-8")

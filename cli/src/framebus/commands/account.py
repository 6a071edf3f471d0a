"""`framebus models | credits | usage`: what there is, what is left, what was used."""

from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.markup import escape
from rich.table import Table

from framebus.api import Key, Url
from framebus.terminal import out, run, show_json

Json = Annotated[bool, typer.Option("--json", help="The answer itself, for programs.")]


def models(
    url: Url,
    key: Key,
    slug: Annotated[str | None, typer.Argument(help="One model, with its input.")] = None,
    as_json: Json = False,
) -> None:
    """List the models, or show one's input."""
    path = "/api/v1/models" + (f"/{quote(slug, safe='')}" if slug else "")
    found = run(url, key, lambda api: api.ask("GET", path))
    if as_json:
        show_json(found)
    elif slug:
        _model(found)
    else:
        _models(found["data"])


def credits_(
    url: Url,
    key: Key,
    history: Annotated[int, typer.Option(min=0, max=200, help="Also so many last movements.")] = 0,
    as_json: Json = False,
) -> None:
    """Show what is available and held."""
    found = run(url, key, lambda api: api.ask("GET", "/api/v1/credits"))
    path, params = "/api/v1/credits/history", {"limit": str(history)}
    moved = run(url, key, lambda api: api.ask("GET", path, params=params))["data"] if history else []
    if as_json:
        show_json(found | ({"history": moved} if history else {}))
        return
    worth = f"{found['currency_value']} {found['currency']}"
    out.print(f"{found['available']} credits available ({worth}), {found['held']} held, tier {found['tier']}")
    if moved:
        out.print(_history(moved))


def usage(
    url: Url,
    key: Key,
    by: Annotated[
        str, typer.Option(help="day, model, key, metadata.NAME; up to four, with commas.")
    ] = "model",
    since: Annotated[str | None, typer.Option("--from", help="From then on (ISO 8601).")] = None,
    before: Annotated[str | None, typer.Option("--to", help="Before then.")] = None,
    as_json: Json = False,
) -> None:
    """Show what was used."""
    given = {"group_by": by, "from": since, "to": before}
    params = {name: value for name, value in given.items() if value is not None}
    found = run(url, key, lambda api: api.ask("GET", "/api/v1/usage", params=params))
    if as_json:
        show_json(found)
        return
    columns = [*found["group_by"], "tasks", "succeeded", "failed", "cancelled", "credits", "cost"]
    table = Table(*columns)
    for each in found["data"]:
        table.add_row(*(escape("" if each[name] is None else str(each[name])) for name in columns))
    out.print(table)


def _models(found: list[dict[str, Any]]) -> None:
    table = Table("model", "makes", "from tier", "")
    for each in found:
        table.add_row(
            each["slug"], each["kind"], each["minimum_tier"], "" if each["available"] else "unavailable"
        )
    out.print(table)


def _model(found: dict[str, Any]) -> None:
    out.print(f"[bold]{found['slug']}[/bold]  {found['title']}")
    required = found["schema"].get("required", ())
    table = Table("input", "type", "values", "")
    for name, field in found["schema"]["properties"].items():
        values = ", ".join(map(str, field.get("enum", ())))
        table.add_row(name, str(field.get("type", "")), values, "required" if name in required else "")
    out.print(table)


def _history(moved: list[dict[str, Any]]) -> Table:
    table = Table("at", "what", "available", "held", "left", "about")
    for each in moved:
        changes = (f"{each['available_change']:+g}", f"{each['held_change']:+g}", f"{each['available']:g}")
        table.add_row(each["at"], each["kind"], *changes, each["task_id"] or each["reason"] or "")
    return table

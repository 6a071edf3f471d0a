"""`framebus trace`: one task's whole story, from every service's own records."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.markup import escape
from rich.table import Table

from framebus.api import Api, Key, Url
from framebus.terminal import err, out, run, show_json

MICRO_PER_CREDIT = 1_000_000
_COLOURS = {
    "gateway": "cyan",
    "ledger": "yellow",
    "dispatcher": "magenta",
    "callbacks": "green",
    "storage": "blue",
}


def trace(
    url: Url,
    key: Key,
    task: Annotated[str, typer.Argument(help="task_… or its UUID")],
    as_json: Annotated[bool, typer.Option("--json", help="The answer itself, for programs.")] = False,
) -> None:
    """Show what happened to a task, service by service, in time order. Takes an operator's key."""

    async def ask(api: Api) -> Any:
        return await api.ask("GET", f"/api/v1/admin/tasks/{quote(task, safe='')}/trace")

    story = run(url, key, ask)
    if as_json:
        show_json(story)
        return
    out.print(_table(story))
    for each in story["silent"]:
        err.print(f"[yellow]{each['service']} could not be asked:[/yellow] {escape(each['reason'])}")


def _table(story: Mapping[str, Any]) -> Table:
    title = f"{story['task_id']}  {story['status']}"
    table = Table(title=escape(title), title_justify="left", caption=story["uuid"], caption_justify="left")
    for name in ("after", "service", "what", "", "said"):
        table.add_column(name, overflow="fold", no_wrap=name in ("after", "service"))
    began: datetime | None = None
    for moment in story["moments"]:
        at = datetime.fromisoformat(moment["at"])
        began = began or at
        service, attempt = moment["service"], moment["attempt"]
        colour = _COLOURS.get(service, "white")
        table.add_row(
            f"{(at - began).total_seconds():8.3f} s",
            f"[{colour}]{escape(service)}[/{colour}]",
            escape(moment["what"]),
            "" if attempt is None else f"#{attempt}",
            escape(
                ", ".join(
                    f"{name.removesuffix('_micro')} {_value(name, value)}"
                    for name, value in moment["said"].items()
                )
            ),
        )
    return table


def _value(name: str, value: Any) -> str:
    """Amounts in credits, exactly."""
    if name.endswith("_micro") and isinstance(value, int):
        whole, rest = divmod(abs(value), MICRO_PER_CREDIT)
        sign = "-" if value < 0 else ""
        return f"{sign}{whole}.{rest:06d}".rstrip("0").rstrip(".") + " cr"
    return str(value)

"""`make status`: a line per process, whether it lives and whether it serves."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from rich.table import Table
from stack.deployment import SIMULATOR
from stack.environment import SERVICES
from stack.external import External
from stack.paths import Home
from stack.processes import Record, records
from stack.servers import own_names


@dataclass(frozen=True, slots=True)
class Line:
    """What is known of one process; `record` is None if it isn't started."""

    name: str
    record: Record | None
    alive: bool
    ready: bool


async def inspect(home: Home) -> list[Line]:
    """Look at every process that the stack should have, and at the extra ones that were started."""
    known = records(home)
    expected = [*own_names(External()), SIMULATOR, *SERVICES]
    names = [*expected, *(name for name in known if name not in expected)]
    return list(await asyncio.gather(*(_look(name, known.get(name)) for name in names)))


async def _look(name: str, record: Record | None) -> Line:
    alive = record is not None and record.alive
    return Line(name, record, alive, alive and record is not None and await record.ready())


def table(lines: list[Line]) -> Table:
    """Return the lines as a table for the terminal."""
    shown = Table("process", "pid", "state", "since", "port", "ready", box=None, pad_edge=False)
    for line in lines:
        shown.add_row(line.name, *_cells(line))
    return shown


def _cells(line: Line) -> tuple[str, ...]:
    if line.record is None:
        return ("-", "[red]down[/red]", "-", "-", "no")
    since = datetime.fromtimestamp(line.record.started_at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    state = "[green]up[/green]" if line.alive else "[red]died[/red]"
    ready = "yes" if line.ready else "[red]no[/red]"
    return (str(line.record.pid), state, since, str(line.record.spec.port), ready)

"""What commands print: results on standard output, what went wrong on standard error."""

from typing import NoReturn

import typer
from rich.console import Console

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def fail(message: str) -> NoReturn:
    """Say what is wrong and end with 1."""
    err.print(f"[red]error:[/red] {message}", markup=True)
    raise typer.Exit(1)

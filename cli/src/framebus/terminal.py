"""What commands print: results on standard output, what went wrong on standard error."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn, TypeVar

import orjson
import typer
from rich.console import Console
from rich.markup import escape

from framebus.api import Api, ApiError, Unreachable

T = TypeVar("T")

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def fail(message: str) -> NoReturn:
    """Say what is wrong and end with 1."""
    err.print(f"[red]error:[/red] {message}", markup=True)
    raise typer.Exit(1)


def run(url: str, key: str, command: Callable[[Api], Awaitable[T]]) -> T:
    """Do one thing with the API. Exit code 1 for a refusal, 3 when it can't be reached, 130 for Ctrl-C."""

    async def main() -> T:
        async with Api(url, key) as api:
            return await command(api)

    try:
        return asyncio.run(main())
    except ApiError as refused:
        fail(f"{escape(refused.message)} ({refused.code})")
    except Unreachable as error:
        err.print(f"[red]error:[/red] {url} can't be reached: {escape(str(error))}")
        raise typer.Exit(3) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def show_json(value: object) -> None:
    """A line of JSON, for programs."""
    typer.echo(orjson.dumps(value).decode())

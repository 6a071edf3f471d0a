"""`python -m stack <command>`: what the Makefile's targets call."""

import asyncio
import json
import logging
import os
from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from stack import control, logs, status
from stack.clean import clean, stop_all
from stack.down import down
from stack.errors import StackError
from stack.paths import STATE, Home
from stack.replay import replay
from stack.up import up

T = TypeVar("T")
cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
console = Console(highlight=False, soft_wrap=True)


def say(line: str) -> None:
    """Print a line as it is."""
    console.print(line, markup=False)


@cli.command("up")
def _up() -> None:
    """Start everything that isn't running and return when it serves."""
    facts = run(up(Home(), os.environ, say))
    say(f"\nFramebus serves at {facts['gateway_url']}. Addresses and keys: {STATE / 'stack.json'}")


@cli.command("down")
def _down(
    every: Annotated[bool, typer.Option("--all", help="Also the test suite's servers.")] = False,
) -> None:
    """Stop everything in order; the state stays."""
    run(stop_all(STATE, say) if every else down(Home(), say))


@cli.command("status")
def _status() -> None:
    """Show each process; the exit code is 1 if one is down or doesn't serve."""
    lines = run(status.inspect(Home()))
    console.print(status.table(lines))
    raise typer.Exit(0 if all(line.ready for line in lines) else 1)


@cli.command("logs")
def _logs(
    service: Annotated[str, typer.Option(help="Only this process.")] = "",
    lines: Annotated[int, typer.Option(help="How many lines of the past.")] = 20,
    follow: Annotated[bool, typer.Option(help="Go on until interrupted.")] = True,
) -> None:
    """Print the ends of the logs and what is added to them."""
    try:
        logs.tail(Home(), service or None, lines, follow, say)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


@cli.command("clean")
def _clean(
    downloads: Annotated[bool, typer.Option("--all", help="Also the download cache.")] = False,
) -> None:
    """Stop everything and remove its state."""
    run(clean(STATE, say, downloads=downloads))


@cli.command("restart")
def _restart(name: str) -> None:
    """Restart one process with the settings that it had."""
    say(f"{name} serves, pid {control.restart(name)}")


@cli.command("kill")
def _kill(name: str, signal: Annotated[int, typer.Option(help="The signal's number.")] = 9) -> None:
    """Send a signal to one process."""
    control.kill(name, signal)


@cli.command("extra")
def _extra(
    service: str, name: str, port: Annotated[int, typer.Option(help="0 picks a free one.")] = 0
) -> None:
    """Start a second process of a running service at another port."""
    say(f"{name} serves at {control.start_extra(service, name=name, port=port or None)}")


@cli.command("failpoints")
def _failpoints(
    service: str,
    arm: Annotated[str | None, typer.Argument(help='As in relay.sent=kill:1; "" disarms.')] = None,
) -> None:
    """Arm a running service's failpoints, or show them."""
    say(json.dumps(control.failpoints(service, arm)))


@cli.command("replay")
def _replay() -> None:
    """Fill a broker that has lost its records from the services' outboxes."""
    run(replay(Home(), say))


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command to its end."""
    return asyncio.run(work)


def main() -> None:
    """Run the command line; a fault that the user can act on is printed as text."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        cli()
    except StackError as fault:
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"error: {fault}", markup=False)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()

"""`framebus <command>`: one line per command."""

import typer

from framebus.commands import listen

cli = typer.Typer(
    name="framebus",
    help="Framebus from a terminal.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@cli.callback()
def _root() -> None:
    """Framebus from a terminal."""


cli.command("listen", help="Forward your account's events to a URL on this machine.")(listen.listen)


def main() -> None:
    """The console script."""
    cli()


if __name__ == "__main__":
    main()

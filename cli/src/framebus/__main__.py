"""`framebus <command>`: one line per command."""

import typer

from framebus.commands import account, admin, listen, tasks, trace

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
cli.command("submit", help="Make a task.")(tasks.submit)
cli.command("status", help="Show a task.")(tasks.status)
cli.command("watch", help="Show a task's progress until it is over.")(tasks.watch)
cli.command("download", help="Save a task's files.")(tasks.download)
cli.command("cancel", help="Ask for a task to be stopped.")(tasks.cancel)
cli.command("models", help="List the models, or show one's input.")(account.models)
cli.command("credits", help="Show what is available and held.")(account.credits_)
cli.command("usage", help="Show what was used, by day, model, key or metadata.")(account.usage)
cli.command("trace", help="Show what every service knows of a task.")(trace.trace)
cli.add_typer(admin.cli, name="admin")


def main() -> None:
    """The console script."""
    cli()


if __name__ == "__main__":
    main()

"""`framebus admin …`: the operator's API from a terminal; it takes the key of an operator.

Lists are tables of a few columns; `--json` prints the API's own answer. Every list goes on with `--cursor`.
"""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.markup import escape
from rich.table import Table

from framebus.api import Key, Url
from framebus.terminal import err, out, run, show_json

PATH = "/api/v1/admin"
cli = typer.Typer(no_args_is_help=True, help="Accounts, credits and services, for operators.")

Json = Annotated[bool, typer.Option("--json", help="The answer itself, for programs.")]
Limit = Annotated[int, typer.Option(min=1, max=200, help="How many.")]
Cursor = Annotated[str | None, typer.Option(help="Go on where a list ended.")]
Account = Annotated[str, typer.Argument(help="acct_…")]
OfAccount = Annotated[str | None, typer.Option("--account", help="Only this account's.")]
Reason = Annotated[str | None, typer.Option(help="Why; it goes into the audit log.")]
Service = Annotated[str, typer.Argument(help="gateway, ledger, dispatcher, callbacks or storage")]
Letter = Annotated[str, typer.Argument(help="A dead letter's id.")]


@cli.command()
def accounts(
    url: Url,
    key: Key,
    search: Annotated[str | None, typer.Option(help="In names.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_json: Json = False,
) -> None:
    """List accounts."""
    found = _get(url, key, "/accounts", q=search, limit=limit, cursor=cursor)
    _list(found, ("id", "name", "tier", "status", "created_at"), as_json)


@cli.command()
def account(url: Url, key: Key, account_id: Account) -> None:
    """Show an account."""
    show_json(_get(url, key, f"/accounts/{_part(account_id)}"))


@cli.command()
def create_account(
    url: Url,
    key: Key,
    name: Annotated[str, typer.Argument(help="Who it is for.")],
    tier: Annotated[str, typer.Option(help="What it may do.")] = "free",
) -> None:
    """Make an account."""
    show_json(_send(url, key, "POST", "/accounts", {"name": name, "tier": tier}))


@cli.command()
def change_account(
    url: Url,
    key: Key,
    account_id: Account,
    tier: Annotated[str | None, typer.Option(help="What it may do.")] = None,
    status: Annotated[str | None, typer.Option(help="active or disabled")] = None,
    retention_days: Annotated[int | None, typer.Option(help="Forget tasks so long after.")] = None,
    max_live_tasks: Annotated[int | None, typer.Option(help="Unfinished tasks at once.")] = None,
    role: Annotated[str | None, typer.Option(help="user or admin")] = None,
    reason: Reason = None,
) -> None:
    """Change what an account may do."""
    given = {
        "tier": tier,
        "status": status,
        "retention_days": retention_days,
        "max_live_tasks": max_live_tasks,
        "role": role,
        "reason": reason,
    }
    show_json(_send(url, key, "PATCH", f"/accounts/{_part(account_id)}", _known(given)))


@cli.command()
def create_key(
    url: Url,
    key: Key,
    account_id: Account,
    name: Annotated[str, typer.Argument(help="What it is for.")],
    test: Annotated[bool, typer.Option(help="It spends test credits, on the simulator.")] = False,
) -> None:
    """Make a key for an account and print it: this once."""
    body = {"name": name, "test": test}
    show_json(_send(url, key, "POST", f"/accounts/{_part(account_id)}/keys", body))


@cli.command()
def grant(
    url: Url,
    key: Key,
    account_id: Account,
    credits_: Annotated[
        float, typer.Argument(metavar="CREDITS", help="Negative to take back: grant … -- -5")
    ],
    reason: Annotated[str, typer.Option(help="Why; it goes into the books.")],
    kind: Annotated[str, typer.Option(help="topup, plan, promotion, refund, adjustment")] = "adjustment",
) -> None:
    """Add credits to an account, or take some back."""
    body = {"credits": credits_, "reason": reason, "kind": kind}
    show_json(_send(url, key, "POST", f"/accounts/{_part(account_id)}/grants", body))


@cli.command()
def margin(
    url: Url,
    key: Key,
    group_by: Annotated[str | None, typer.Option("--by", help="Of day, model, provider.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="Requested from then on (ISO 8601).")] = None,
    before: Annotated[str | None, typer.Option("--to", help="Requested before then.")] = None,
    as_json: Json = False,
) -> None:
    """Show what customers paid against what providers bill, in credits; the last line is the total."""
    found = _get(url, key, "/margin", **{"group_by": group_by, "from": since, "to": before})
    if as_json:
        show_json(found)
        return
    rows = [{**each, "unknown": each["unknown_cost"]["tasks"]} for each in (*found["data"], found["total"])]
    columns = ("tasks", "settled_credits", "cost_credits", "margin_credits", "unknown")
    _table(rows, (*found["group_by"], *columns))


@cli.command()
def holds(
    url: Url,
    key: Key,
    account_id: OfAccount = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_json: Json = False,
) -> None:
    """List what the ledger holds for unfinished tasks."""
    found = _get(url, key, "/holds", account=account_id, limit=limit, cursor=cursor)
    _list(found, ("task_id", "account_id", "held", "expires_at", "expired"), as_json)


@cli.command()
def tasks(
    url: Url,
    key: Key,
    account_id: OfAccount = None,
    status: Annotated[str | None, typer.Option(help="queued, processing, …")] = None,
    model: Annotated[str | None, typer.Option(help="A model's slug.")] = None,
    search: Annotated[str | None, typer.Option(help="In metadata.")] = None,
    provider_job_id: Annotated[str | None, typer.Option(help="As the provider names it.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_json: Json = False,
) -> None:
    """Find tasks of any account."""
    found = _get(
        url,
        key,
        "/tasks",
        account=account_id,
        status=status,
        model=model,
        q=search,
        provider_job_id=provider_job_id,
        limit=limit,
        cursor=cursor,
    )
    _list(found, ("task_id", "account_id", "status", "model", "created_at"), as_json)


@cli.command()
def task(url: Url, key: Key, task_id: Annotated[str, typer.Argument(help="task_…")]) -> None:
    """Show any account's task with its history."""
    show_json(_get(url, key, f"/tasks/{_part(task_id)}"))


@cli.command()
def dead_letters(
    url: Url,
    key: Key,
    service: Service,
    still_open: Annotated[bool, typer.Option("--open", help="Only those not replayed yet.")] = False,
    limit: Limit = 50,
    before: Annotated[str | None, typer.Option(help="Older than this one.")] = None,
    as_json: Json = False,
) -> None:
    """List the records that a service could not handle, newest first."""
    path = f"/services/{_part(service)}/dead-letters"
    found = _get(url, key, path, open="true" if still_open else None, limit=limit, before=before)
    _list(found, ("id", "topic", "subject", "reason", "created_at", "replayed_at"), as_json)


@cli.command()
def dead_letter(url: Url, key: Key, service: Service, letter: Letter) -> None:
    """Show a dead letter with its record and the error."""
    show_json(_get(url, key, f"/services/{_part(service)}/dead-letters/{_part(letter)}"))


@cli.command()
def replay(
    url: Url,
    key: Key,
    service: Service,
    letter: Letter,
    reason: Reason = None,
) -> None:
    """Have a dead letter handled again."""
    path = f"/services/{_part(service)}/dead-letters/{_part(letter)}/replay"
    show_json(_send(url, key, "POST", path, _known({"reason": reason})))


@cli.command()
def replay_outbox(
    url: Url,
    key: Key,
    service: Service,
    since: Annotated[str | None, typer.Option(help="From this moment on (ISO 8601).")] = None,
    after: Annotated[str | None, typer.Option(help="After this cursor: epoch/transaction/row.")] = None,
    everything: Annotated[bool, typer.Option(help="All that is retained.")] = False,
    reason: Reason = None,
) -> None:
    """Have a service say again what it wrote down, under the same ids."""
    given = {"since": since, "after": after, "everything": everything or None, "reason": reason}
    show_json(_send(url, key, "POST", f"/services/{_part(service)}/outbox/replay", _known(given)))


@cli.command()
def providers(url: Url, key: Key) -> None:
    """Show how the providers do: attempts, errors, circuits, keys set aside."""
    show_json(_get(url, key, "/providers"))


@cli.command()
def check(url: Url, key: Key, as_json: Json = False) -> None:
    """Have the books proved; exit code 4 when something in them is wrong."""
    found = _send(url, key, "POST", "/ledger/check", None)
    last = found.get("last") or {}
    if as_json:
        show_json(found)
    elif found["running"]:
        out.print("A check is running; ask again for what it finds.")
    else:
        _table(last.get("findings") or [], ("invariant", "says", "figures", "wrong", "example"))
        out.print(
            "The books are right." if last.get("right") else f"Wrong: {last.get('error') or 'see above'}"
        )
    if last.get("right") is False:
        raise typer.Exit(4)


@cli.command()
def audit(
    url: Url,
    key: Key,
    account_id: OfAccount = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_json: Json = False,
) -> None:
    """Who changed accounts, keys and credits, when and why."""
    found = _get(url, key, "/audit", account=account_id, limit=limit, cursor=cursor)
    _list(found, ("at", "actor", "action", "subject", "reason"), as_json)


def _get(url: str, key: str, path: str, **params: object) -> Any:
    given = {name: str(value) for name, value in params.items() if value is not None}
    return run(url, key, lambda api: api.ask("GET", PATH + path, params=given or None))


def _send(url: str, key: str, method: str, path: str, body: Any) -> Any:
    return run(url, key, lambda api: api.ask(method, PATH + path, body))


def _known(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


def _part(text: str) -> str:
    return quote(text, safe="")


def _list(found: Mapping[str, Any], columns: tuple[str, ...], as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
    _table(found["data"], columns)
    if found.get("next_cursor"):
        err.print(f"more: --cursor {found['next_cursor']}")


def _table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    table = Table(*columns)
    for row in rows:
        table.add_row(*(escape("" if row.get(each) is None else str(row[each])) for each in columns))
    out.print(table)

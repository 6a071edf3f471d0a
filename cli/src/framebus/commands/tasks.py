"""`framebus submit | status | watch | download | cancel`: tasks from a terminal."""

import contextlib
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote
from uuid import uuid4

import orjson
import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from framebus.api import Api, Key, Url
from framebus.terminal import err, fail, out, run, show_json

PATH = "/api/v1/tasks"
_FAILED = 4

Task = Annotated[str, typer.Argument(help="task_…")]
Json = Annotated[bool, typer.Option("--json", help="The document itself, for programs.")]
To = Annotated[Path, typer.Option("--to", "-o", help="The folder where files go.")]


def submit(
    url: Url,
    key: Key,
    model: Annotated[str, typer.Argument(help="A model's slug; `framebus models` lists them.")],
    values: Annotated[
        list[str] | None, typer.Argument(help="Its input, NAME=VALUE; a VALUE that is JSON is taken as such.")
    ] = None,
    prompt: Annotated[str | None, typer.Option("--prompt", "-p", help="Short for prompt=…")] = None,
    metadata: Annotated[list[str] | None, typer.Option("--metadata", "-m", help="NAME=VALUE")] = None,
    idempotency_key: Annotated[
        str | None, typer.Option(help="The same again makes no second task; without: a new one.")
    ] = None,
    wait: Annotated[bool, typer.Option("--watch", "-w", help="Stay until it is over.")] = False,
    to: Annotated[
        Path | None, typer.Option("--download", "-d", help="Stay, then save the files here.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a task and print its id."""
    given = dict(_pair(each) for each in values or ())
    body: dict[str, Any] = {"model": model, "input": given | ({"prompt": prompt} if prompt else {})}
    if metadata:
        body["metadata"] = dict(map(_split, metadata))
    headers = {"Idempotency-Key": idempotency_key or f"cli-{uuid4()}"}

    async def command(api: Api) -> dict[str, Any]:
        made: dict[str, Any] = await api.ask("POST", PATH, body, headers=headers)
        if not wait and to is None:
            return made
        err.print(f"{made['task_id']}  {made['cost_estimate']} {made['currency']} at most")
        return await _follow(api, made["task_id"])

    document = run(url, key, command)
    if wait or to is not None:
        _end(document, as_json)
        if to is not None:
            _save(url, key, document, to)
    elif as_json:
        show_json(document)
    else:
        out.print(document["task_id"])


def status(url: Url, key: Key, task: Task, as_json: Json = False) -> None:
    """Show a task; exit code 4 when it failed."""
    _end(run(url, key, lambda api: _document(api, task)), as_json)


def watch(url: Url, key: Key, task: Task, as_json: Json = False) -> None:
    """Show a task's progress until it is over; exit code 4 when it failed."""
    _end(run(url, key, lambda api: _follow(api, task)), as_json)


def cancel(url: Url, key: Key, task: Task, as_json: Json = False) -> None:
    """Ask for a task to be stopped."""
    document = run(url, key, lambda api: api.ask("POST", f"{_path(task)}/cancel"))
    if as_json:
        show_json(document)
    else:
        _show(document)


def download(url: Url, key: Key, task: Task, to: To = Path()) -> None:
    """Save a task's files; waits for its end."""
    document = run(url, key, lambda api: _follow(api, task))
    if document["status"] != "succeeded":
        _end(document, as_json=False)
    _save(url, key, document, to)


async def _document(api: Api, task: str) -> dict[str, Any]:
    found: dict[str, Any] = await api.ask("GET", _path(task))
    return found


async def _follow(api: Api, task: str) -> dict[str, Any]:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeElapsedColumn(), console=err, transient=True) as progress:
        bar = progress.add_task("queued", total=100)
        async with contextlib.aclosing(api.events(task)) as events:
            async for event in events:
                percent = (event.get("data") or {}).get("percent")
                progress.update(bar, description=event["type"], completed=percent)
    return await _document(api, task)


def _end(document: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show_json(document)
    else:
        _show(document)
    if document["status"] in {"failed", "cancelled"}:
        raise typer.Exit(_FAILED)


def _show(document: dict[str, Any]) -> None:
    percent = "" if document["percent"] is None else f"  {document['percent']} %"
    out.print(f"{document['task_id']}  [bold]{document['status']}[/bold]{percent}  {document['model']}")
    cost = document["cost_actual"]
    told = f"at most {document['cost_estimate']}" if cost is None else f"{cost}"
    out.print(f"  cost  {told} {document['currency']}")
    if document["cancel_requested"]:
        out.print("  it was asked to stop")
    if document["error"]:
        out.print(f"  [red]{document['error']['code']}[/red]  {escape(document['error']['message'])}")
    for file in _files(document):
        out.print(f"  {file['kind']}  {file['size_bytes']} bytes  {escape(file['url'])}", soft_wrap=True)


def _files(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [file for files in (document["output"] or {}).values() for file in files]


def _save(url: str, key: str, document: dict[str, Any], folder: Path) -> None:
    """A file is under its name only once it is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in _files(document):
        target = folder / file["url"].rsplit("/", 1)[-1]
        part = target.with_name(f"{target.name}.part")
        with part.open("wb") as opened:
            size = run(url, key, lambda api, link=file["url"], to=opened: api.save(link, to))  # type: ignore[misc]
        if size != file["size_bytes"]:
            fail(f"{target} has {size} bytes instead of {file['size_bytes']}; it is kept as {part}")
        part.replace(target)
        out.print(str(target), soft_wrap=True)


def _path(task: str) -> str:
    return f"{PATH}/{quote(task, safe='')}"


def _split(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise typer.BadParameter(f"{text!r} is not NAME=VALUE")
    return name, value


def _pair(text: str) -> tuple[str, Any]:
    """A value that is JSON counts as that: 5 is a number, true a boolean, "5" a text."""
    name, value = _split(text)
    try:
        return name, orjson.loads(value)
    except orjson.JSONDecodeError:
        return name, value

"""`framebus listen --forward-to URL`: an account's events, posted to a URL on this machine."""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.markup import escape

from framebus.api import Api, ApiError, Key, Unreachable, Url
from framebus.forward import Posted, forward, local_url
from framebus.terminal import fail, out

PATH = "/api/v1/webhooks/listeners"
WAIT_SECONDS = 15
AGAIN_SECONDS = 2.0
_FORWARD_SECONDS = 30.0


def listen(
    forward_to: Annotated[str, typer.Option(help="Where your handler listens, such as localhost:3000/hook.")],
    url: Url,
    key: Key,
    events: Annotated[str, typer.Option(help="Comma separated event types; without: all.")] = "",
    secret: Annotated[
        str | None, typer.Option(help="Sign with this whsec_… instead of one that is made.")
    ] = None,
) -> None:
    """Run until interrupted; exit code 1 when the API refuses."""
    try:
        target = local_url(forward_to)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--forward-to") from None
    wanted = [each.strip() for each in events.split(",") if each.strip()]
    with contextlib.suppress(KeyboardInterrupt):
        try:
            asyncio.run(_run(url, key, target, wanted, secret))
        except ApiError as refused:
            fail(f"{escape(refused.message)} ({refused.code})")


async def _run(url: str, key: str, target: str, events: Sequence[str], secret: str | None) -> None:
    async with Api(url, key) as api, httpx.AsyncClient(timeout=_FORWARD_SECONDS, trust_env=False) as http:
        await Listen(api, http, out, target, events, secret).run()


class Listen:
    """Polls and forwards. A listener that the API has forgotten is made anew."""

    def __init__(
        self,
        api: Api,
        http: httpx.AsyncClient,
        console: Console,
        target: str,
        events: Sequence[str],
        secret: str | None,
    ) -> None:
        self._api, self._http, self._console = api, http, console
        self._target, self._events, self._secret = target, list(events), secret
        self._listener: dict[str, Any] | None = None
        self._done: list[str] = []
        self._away = False

    async def run(self) -> None:
        """Until cancelled. Raises ApiError when the API refuses for good."""
        try:
            while True:
                try:
                    await self._turn()
                    self._away = False
                except Unreachable as error:
                    await self._pause(str(error))
        finally:
            await asyncio.shield(self._end())

    async def _turn(self) -> None:
        if self._listener is None:
            await self._begin()
        for event in await self._news():
            self._say(event, await forward(self._http, self._target, event, self._signing))
            self._done.append(event["delivery_id"])

    @property
    def _signing(self) -> str:
        assert self._listener is not None, "there are news of one only"
        return self._secret or str(self._listener["secret"])

    async def _begin(self) -> None:
        self._listener = await self._api.ask("POST", PATH, {"events": self._events})
        self._console.print(f"Listening. Events go to {escape(self._target)}, signed with")
        self._console.print(f"  [bold]{self._signing}[/bold]")

    async def _news(self) -> list[dict[str, Any]]:
        assert self._listener is not None, "it was begun"
        body = {"acknowledge": self._done, "wait": WAIT_SECONDS}
        try:
            found = await self._api.ask("POST", f"{PATH}/{self._listener['id']}/poll", body)
        except ApiError as refused:
            if refused.status != 404:
                raise
            self._listener, self._done = None, []
            return []
        self._done = []
        news: list[dict[str, Any]] = found["data"]
        return news

    async def _pause(self, why: str) -> None:
        if not self._away:
            self._console.print(f"[yellow]The API can't be reached ({escape(why)}); trying again.[/yellow]")
        self._away = True
        await asyncio.sleep(AGAIN_SECONDS)

    async def _end(self) -> None:
        if self._listener is None:
            return
        with contextlib.suppress(ApiError, Unreachable):
            if self._done:
                await self._api.ask(
                    "POST", f"{PATH}/{self._listener['id']}/poll", {"acknowledge": self._done}
                )
            await self._api.ask("DELETE", f"{PATH}/{self._listener['id']}")

    def _say(self, event: dict[str, Any], posted: Posted) -> None:
        payload = event["payload"]
        about = payload["data"].get("task_id", "") if isinstance(payload["data"], dict) else ""
        colour = "green" if posted.taken else "red"
        answered = posted.error or posted.status
        now = datetime.now().astimezone().strftime("%H:%M:%S")
        self._console.print(
            f"{now}  {payload['type']}  {about}  [{colour}]{answered}[/{colour}]  {event['event_id']}"
        )

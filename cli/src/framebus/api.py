"""The public API as a command sees it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Annotated, Any, BinaryIO
from urllib.parse import quote

import httpx
import orjson
import typer

Url = Annotated[str, typer.Option("--url", envvar="FRAMEBUS_URL", help="Where the API is.", show_envvar=True)]
Key = Annotated[str, typer.Option("--key", envvar="FRAMEBUS_API_KEY", help="Your API key.", show_envvar=True)]
MOST_BREAKS = 5
TIMEOUT_SECONDS = 40.0  # a poll waits for news


class ApiError(Exception):
    """The API refused, in its own words: `status`, `code`, a sentence."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Unreachable(Exception):
    """There was no answer, or one that asks to come again."""


class Api:
    """An async context manager; `ask` is all that commands need."""

    def __init__(self, url: str, key: str) -> None:
        self._http = httpx.AsyncClient(
            base_url=url.rstrip("/"), headers={"Authorization": f"Bearer {key}"}, timeout=TIMEOUT_SECONDS
        )

    async def __aenter__(self) -> "Api":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The JSON answer; None for an empty one. Raises ApiError for a refusal, Unreachable for all else."""
        content = None if body is None else orjson.dumps(body)
        told = dict(headers or {}) | ({"Content-Type": "application/json"} if content is not None else {})
        try:
            answer = await self._http.request(method, path, content=content, params=params, headers=told)
        except httpx.HTTPError as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from None
        if answer.status_code >= 500 or answer.status_code == 429:
            raise Unreachable(f"the API answered {answer.status_code}")
        if not answer.is_success:
            raise _refused(answer)
        return orjson.loads(answer.content) if answer.content else None

    async def events(self, task_id: str) -> AsyncGenerator[dict[str, Any], None]:
        """A task's history as it happens, until it is over. A stream that breaks is taken up where it was.

        Raises ApiError for a refusal, Unreachable when it breaks again and again.
        """
        last, broken = 0, 0
        while True:
            try:
                async for event in self._stream(task_id, last):
                    last, broken = event["seq"], 0
                    yield event
                return
            except Unreachable:
                broken += 1
                if broken > MOST_BREAKS:
                    raise
                await asyncio.sleep(broken)

    async def _stream(self, task_id: str, after: int) -> AsyncIterator[dict[str, Any]]:
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(after)}
        try:
            path = f"/api/v1/tasks/{quote(task_id, safe='')}/events"
            async with self._http.stream("GET", path, headers=headers) as answer:
                if answer.status_code >= 500 or answer.status_code == 429:
                    raise Unreachable(f"the API answered {answer.status_code}")
                if not answer.is_success:
                    await answer.aread()
                    raise _refused(answer)
                async for line in answer.aiter_lines():
                    if line.startswith("data:"):
                        yield orjson.loads(line.removeprefix("data:"))
        except httpx.HTTPError as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from None

    async def save(self, url: str, file: BinaryIO) -> int:
        """Write what a result link leads to; how many bytes. The key isn't sent: links need none."""
        size = 0
        try:
            async with (
                httpx.AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=True) as http,
                http.stream("GET", url) as answer,
            ):
                if not answer.is_success:
                    raise Unreachable(f"{url} answered {answer.status_code}")
                async for chunk in answer.aiter_bytes():
                    size += file.write(chunk)
        except httpx.HTTPError as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from None
        return size


def _refused(answer: httpx.Response) -> ApiError:
    try:
        error = orjson.loads(answer.content)["error"]
        return ApiError(answer.status_code, str(error["code"]), str(error["message"]))
    except (ValueError, KeyError, TypeError):
        message = f"the answer was {answer.status_code}; is this the address of a Framebus API?"
        return ApiError(answer.status_code, "unknown", message)

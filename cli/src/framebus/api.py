"""The public API as a command sees it."""

from typing import Annotated, Any

import httpx
import orjson
import typer

Url = Annotated[str, typer.Option("--url", envvar="FRAMEBUS_URL", help="Where the API is.", show_envvar=True)]
Key = Annotated[str, typer.Option("--key", envvar="FRAMEBUS_API_KEY", help="Your API key.", show_envvar=True)]
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

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON answer; None for an empty one. Raises ApiError for a refusal, Unreachable for all else."""
        content = None if body is None else orjson.dumps(body)
        headers = {"Content-Type": "application/json"} if content is not None else None
        try:
            answer = await self._http.request(method, path, content=content, headers=headers)
        except httpx.HTTPError as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from None
        if answer.status_code >= 500 or answer.status_code == 429:
            raise Unreachable(f"the API answered {answer.status_code}")
        if not answer.is_success:
            raise _refused(answer)
        return orjson.loads(answer.content) if answer.content else None


def _refused(answer: httpx.Response) -> ApiError:
    try:
        error = orjson.loads(answer.content)["error"]
        return ApiError(answer.status_code, str(error["code"]), str(error["message"]))
    except (ValueError, KeyError, TypeError):
        message = f"the answer was {answer.status_code}; is this the address of a Framebus API?"
        return ApiError(answer.status_code, "unknown", message)

"""The public API as a careful client uses it: what got no clear answer is asked again with the same key."""

import asyncio
import random
import time
from dataclasses import dataclass
from typing import Any

import httpx

from chaos.history import Asked, History, Seen

PATIENCE_SECONDS = 240.0
"""A client gives up after so long; it never has to if the system comes back."""
_TIMEOUT = httpx.Timeout(12, connect=3)


@dataclass
class Api:
    """One key's view. Every answer is classified: clear, come back later, or nobody knows."""

    client: httpx.AsyncClient
    key: str
    history: History

    async def ask(self, method: str, path: str, **given: Any) -> httpx.Response | None:
        """One try: the answer, or None when none came (or one that leaves the outcome open)."""
        headers = {"Authorization": f"Bearer {self.key}", **given.pop("headers", {})}
        try:
            answer = await self.client.request(method, path, headers=headers, timeout=_TIMEOUT, **given)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            self.history.seen["not connected"] += 1
            return None
        except httpx.TransportError:
            self.history.seen["no answer"] += 1
            return None
        self.history.seen[str(answer.status_code)] += 1
        if answer.status_code >= 500 and answer.status_code not in (503, 504):
            self.history.odd.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        return answer

    async def surely(self, method: str, path: str, **given: Any) -> httpx.Response:
        """Ask until there is a clear answer. Raises TimeoutError."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            answer = await self.ask(method, path, **given)
            if answer is not None and answer.status_code < 500 and answer.status_code != 429:
                return answer
            await asyncio.sleep(_wait(answer))
        raise TimeoutError(f"{method} {path}: no clear answer for {PATIENCE_SECONDS:.0f} s")

    async def submit(self, asked: Asked, body: dict[str, Any]) -> None:
        """Send one request until its outcome is known, and write that down."""
        headers, end = {"Idempotency-Key": asked.key}, time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            before = self.history.seen["not connected"]
            answer = await self.ask("POST", "/api/v1/tasks", json=body, headers=headers)
            asked.tries += 1
            if answer is None:
                asked.ambiguous += self.history.seen["not connected"] == before
            elif answer.status_code == 202:
                self._accepted(asked, answer)
                return
            elif answer.status_code == 402:
                asked.outcome = "refused"
                self.history.seen["refused for want of credits"] += 1
                return
            elif answer.status_code == 503:
                asked.ambiguous += _code(answer) == "unavailable"
            elif answer.status_code != 429:
                self.history.odd.append(f"submit {asked.model}: {answer.status_code} {answer.text[:300]}")
                return
            await asyncio.sleep(_wait(answer))

    def _accepted(self, asked: Asked, answer: httpx.Response) -> None:
        task = str(answer.json()["task_id"])
        if asked.task_id not in (None, task):
            self.history.odd.append(f"key {asked.key} was answered with {asked.task_id} and with {task}")
        asked.outcome, asked.task_id = "accepted", task
        replayed = answer.headers.get("idempotent-replayed") == "true"
        if asked.ambiguous and asked.tries > 1:
            self.history.seen["unknown, had counted" if replayed else "unknown, had not counted"] += 1

    async def cancel(self, asked: Asked) -> None:
        """Ask for a stop until there is a word on it."""
        answer = await self.surely("POST", f"/api/v1/tasks/{asked.task_id}/cancel")
        asked.cancel = str(answer.status_code)
        if answer.status_code not in (200, 202, 409):
            self.history.odd.append(f"cancel: {answer.status_code} {answer.text[:200]}")

    async def look(self, account: str) -> None:
        """Note what the API says that the account has in all; one try."""
        answer = await self.ask("GET", "/api/v1/credits")
        if answer is not None and answer.status_code == 200:
            given = answer.json()
            total = micro(given["available"]) + micro(given["held"])
            self.history.credits.append(Seen(account, total))

    async def tasks(self) -> list[dict[str, Any]]:
        """All documents of the account."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            query: dict[str, Any] = {"limit": 100, **({"cursor": cursor} if cursor else {})}
            page = (await self.surely("GET", "/api/v1/tasks", params=query)).json()
            found += page["data"]
            cursor = page.get("next_cursor")
            if not page["has_more"]:
                return found

    async def movements(self) -> list[dict[str, Any]]:
        """Every movement of the account's credits."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            query: dict[str, Any] = {"limit": 100, **({"cursor": cursor} if cursor else {})}
            page = (await self.surely("GET", "/api/v1/credits/history", params=query)).json()
            found += page["data"]
            cursor = page.get("next_cursor")
            if not page["has_more"]:
                return found


def micro(amount: float) -> int:
    """Micro-credits of what the API shows as credits."""
    return round(amount * 1_000_000)


def _code(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return ""


def _wait(answer: httpx.Response | None) -> float:
    told = answer.headers.get("retry-after") if answer is not None else None
    least = min(float(told), 3.0) if told and told.replace(".", "", 1).isdigit() else 0.3
    return least + random.uniform(0.0, 0.5)

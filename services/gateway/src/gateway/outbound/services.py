"""What an operator asks of every service: its dead letters, its outbox once more, how providers do."""

from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar
from uuid import UUID

import orjson
from runtime.internal import InternalClient, Refusal
from runtime.operating import Operating

from gateway.domain.problem import Problem
from gateway.outbound.owner import Owner

NAMES = ("gateway", "ledger", "dispatcher", "callbacks", "storage")
T = TypeVar("T")


class Services:
    """The five services; the gateway answers for itself. Every method raises Problem."""

    def __init__(self, clients: Mapping[str, InternalClient], own: Operating) -> None:
        self._owners = {name: Owner(name, clients.get(name)) for name in NAMES}
        self._own = own

    async def dead_letters(
        self, service: str, still_open: bool | None, before: int | None, limit: int
    ) -> dict[str, Any]:
        """`data`, newest first, and how many are `open`."""
        if service == "gateway":
            return await _problems(self._own.page(still_open, before, limit))
        given = {"before": before, "limit": limit}
        params = {name: str(value) for name, value in given.items() if value is not None}
        if still_open is not None:
            params["open"] = "true" if still_open else "false"
        return dict(await self._owners[service].ask("GET", "/dead-letters", params=params))

    async def dead_letter(self, service: str, letter_id: int) -> dict[str, Any]:
        """One with its record."""
        if service == "gateway":
            return await _problems(self._own.show(letter_id))
        return dict(await self._owners[service].ask("GET", f"/dead-letters/{letter_id}"))

    async def replay(self, service: str, letter_id: int) -> dict[str, Any]:
        """Have one handled again by its reader; the letter after it."""
        if service == "gateway":
            return await _problems(self._own.replay(letter_id))
        return dict(await self._owners[service].ask("POST", f"/dead-letters/{letter_id}/replay"))

    async def replay_outbox(self, service: str, wanted: dict[str, Any]) -> dict[str, Any]:
        """Have outbox rows sent again: how many `rows`, and after which cursor."""
        if service == "gateway":
            return await _problems(self._own.replay_outbox(wanted))
        return dict(await self._owners[service].ask("POST", "/outbox/replay", body=wanted))

    async def story(self, service: str, task_id: UUID) -> list[dict[str, Any]]:
        """What a service's own records say of a task, in time order."""
        if service == "gateway":
            return list(orjson.loads(orjson.dumps(await self._own.story(task_id))))
        return list((await self._owners[service].ask("GET", f"/tasks/{task_id}/story"))["data"])

    async def tasks_of_job(self, provider_job_id: str) -> list[str]:
        """The UUIDs of the tasks of a provider's job."""
        params = {"provider_job_id": provider_job_id}
        return list((await self._owners["dispatcher"].ask("GET", "/tasks", params=params))["data"])

    async def providers(self) -> list[dict[str, Any]]:
        """How each key of each provider does."""
        return list((await self._owners["dispatcher"].ask("GET", "/providers"))["data"])


async def _problems(answer: Awaitable[T]) -> T:
    try:
        return await answer
    except Refusal as refusal:
        raise Problem(refusal.status, refusal.code, refusal.message, param=refusal.param) from None

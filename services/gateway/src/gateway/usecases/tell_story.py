"""One task's whole story: what each service's own records say of it, in one order of time."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from gateway.domain.problem import Problem
from gateway.outbound.services import NAMES, Services


@dataclass(frozen=True, slots=True)
class Story:
    """`moments` have a `service` each; `silent` are services that could not be asked, and why."""

    moments: list[dict[str, Any]]
    silent: list[dict[str, str]]


async def tell_story(services: Services, task_id: UUID) -> Story:
    """Ask every service at once. Their clocks may differ by a little, and so may the order."""
    told = await asyncio.gather(*(_ask(services, name, task_id) for name in NAMES))
    moments = [moment for each in told if isinstance(each, list) for moment in each]
    return Story(
        sorted(moments, key=lambda each: each["at"]), [each for each in told if isinstance(each, dict)]
    )


async def _ask(services: Services, name: str, task_id: UUID) -> list[dict[str, Any]] | dict[str, str]:
    try:
        return [{"service": name, **moment} for moment in await services.story(name, task_id)]
    except Problem as problem:
        return {"service": name, "reason": problem.message}

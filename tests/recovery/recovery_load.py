"""Load that goes on while something is lost, and what must be true of it afterwards."""

import asyncio
import contextlib
import itertools
import time
from collections import Counter
from typing import Any

import httpx
from flow_tools import FINAL, Customer, World, seedance, until

PRICE_MICRO = 6_570_000
_numbers = itertools.count(1)


class Load:
    """Tasks of one customer, submitted as a good client does: with keys, again until they are answered."""

    def __init__(self, world: World, customer: Customer, name: str) -> None:
        self.world, self.customer, self.name = world, customer, name
        self.tasks: dict[str, str] = {}

    async def submit(self, count: int) -> list[str]:
        """So many more tasks; their ids."""
        return list(await asyncio.gather(*(self._one(next(_numbers)) for _ in range(count))))

    async def again(self) -> None:
        """Every request once more under its key: the same task answers."""
        for key, task in list(self.tasks.items()):
            answer = await self.customer.submit(seedance(key), key)
            assert (answer.status_code, answer.json().get("task_id")) == (202, task), answer.text

    async def ended(self, seconds: float = 120) -> Counter[str]:
        """Wait until all are final; how they ended."""
        end = time.monotonic() + seconds
        documents = [await self._final(task, end) for task in self.tasks.values()]  # one after the other
        return Counter(document["status"] for document in documents)

    async def failures(self) -> list[str]:
        """The codes of those that ended otherwise than well."""
        documents = [await self.customer.task(task) for task in self.tasks.values()]
        return [document["error"]["code"] for document in documents if document["error"]]

    async def seen(self) -> list[int]:
        """The status of each result that a link leads to, 200 for a task that has none."""
        statuses = []
        for task in self.tasks.values():
            videos = ((await self.customer.task(task))["output"] or {}).get("videos", [])
            answers = [await self.customer.api.get(video["url"]) for video in videos]
            statuses.append(max((answer.status_code for answer in answers), default=200))
        return statuses

    async def sent(self) -> Counter[str]:
        """How often the provider accepted each of the prompts."""
        mine = set(self.tasks)
        return Counter(job["prompt"] for job in await self.world.jobs() if job["prompt"] in mine)

    async def paid(self, granted_micro: int, succeeded: int) -> None:
        """Each success is charged once, nothing is held, and the books are right."""

        async def charged() -> bool:
            with contextlib.suppress(httpx.HTTPError):
                balance = await self.customer.credits()
                micro = round(balance["available"] * 1_000_000), round(balance["held"] * 1_000_000)
                return micro == (granted_micro - succeeded * PRICE_MICRO, 0)
            return False

        await until(charged, "each success charged once, nothing held")
        await self.world.books_are_right()

    async def _one(self, number: int) -> str:
        key = f"{self.name}-{number}"
        for _ in range(600):
            with contextlib.suppress(httpx.TransportError):
                answer = await self.customer.submit(seedance(key), key)
                if answer.status_code < 500:
                    assert answer.status_code == 202, answer.text
                    self.tasks[key] = answer.json()["task_id"]
                    return self.tasks[key]
            await asyncio.sleep(0.1)
        raise AssertionError(f"{key} was never accepted")

    async def _final(self, task: str, end: float) -> dict[str, Any]:
        document: dict[str, Any] = {}
        while time.monotonic() < end:
            with contextlib.suppress(httpx.TransportError):
                answer = await self.customer.api.get(f"/api/v1/tasks/{task}")
                document = answer.json()
                if answer.status_code == 200 and document["status"] in FINAL:
                    return document
            await asyncio.sleep(0.2)
        raise AssertionError(f"{task} never ended: {document}")


async def counted(world: World, service: str, sql: str, customer: Customer, least: int) -> None:
    """Wait until a service's rows of the customer are at least so many."""

    async def enough() -> bool:
        return int((await world.rows(service, sql, customer.id))[0]["n"]) >= least

    await until(enough, f"{least} of {service}: {sql}")

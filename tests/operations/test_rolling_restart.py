"""Every service is restarted, one process after the other, under a client that notices nothing.

One process per service and two gateways here; `FRAMEBUS_LONG=1`: two of every service, and three rounds.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import openai
import pytest
from flow_tools import until
from front_door import NOTICE_SECONDS, FrontDoor
from stack import control

LONG = bool(os.environ.get("FRAMEBUS_LONG"))
ROUNDS = 3 if LONG else 1
DOUBLED = ("ledger", "storage", "dispatcher", "callbacks") if LONG else ()
ORDER = ("ledger", "storage", "dispatcher", "callbacks", "gateway")
CUSTOMERS_HANDS = 2
NOTICE = {"GATEWAY_DRAIN_NOTICE_SECONDS": str(NOTICE_SECONDS)}


class Hands:
    """Clients that make one video after the other and look at each until it is done."""

    def __init__(self, client: openai.AsyncOpenAI) -> None:
        self._client = client
        self._enough = asyncio.Event()
        self.made: list[openai.types.Video] = []
        self.begun = 0

    def stop(self) -> None:
        """Finish what is begun."""
        self._enough.set()

    async def work(self) -> None:
        """Make videos until told to stop; raises what the SDK raises after its own retries."""
        while not self._enough.is_set():
            self.begun += 1
            video = await self._client.videos.create(
                model="doubao-seedance-2-0-fast", prompt=f"a kite {self.begun}", seconds="4", size="854x480"
            )
            while video.status not in ("completed", "failed"):
                await asyncio.sleep(0.3)
                video = await self._client.videos.retrieve(video.id)
            self.made.append(video)


@asynccontextmanager
async def extra(world, names: dict[str, str]) -> AsyncIterator[dict[str, str]]:
    """One more process of these services, by the name it gets; their addresses."""
    started: dict[str, str] = {}
    state = world.home.state
    try:
        for name, service in names.items():
            given = NOTICE if service == "gateway" else {}
            started[name] = await asyncio.to_thread(
                control.start_extra, service, name=name, state=state, environment=given
            )
        yield started
    finally:
        for name in started:
            await asyncio.to_thread(control.stop_extra, name, state)


async def restart_all(world, names: list[str], hands: Hands, door: FrontDoor) -> None:
    """Each gets SIGTERM and starts again when it has ended; between two, some work is done."""
    for name in names:
        await until(lambda: len(door.ready) == 2, "both gateways ready", 120)
        done = len(hands.made)
        await asyncio.to_thread(control.restart, name, world.home.state, within=120)
        await until(lambda done=done: len(hands.made) > done, f"a video after the restart of {name}", 120)


@pytest.mark.timeout(900 if LONG else 400)
async def test_a_client_with_the_sdks_own_retries_sees_no_failure_while_every_service_is_restarted(
    world,
) -> None:
    customer = await world.customer("20000")
    gateways = {"gateway-2": "gateway", "gateway-3": "gateway"}
    doubles = {f"{service}-2": service for service in DOUBLED}
    async with extra(world, {**gateways, **doubles}) as urls:
        door = FrontDoor([urls[name] for name in gateways])
        client = openai.AsyncOpenAI(base_url="http://front.door/v1", api_key=customer.key)
        async with door.serving() as url, client.with_options(base_url=f"{url}/v1") as through:
            hands = Hands(through)
            working = [asyncio.create_task(hands.work()) for _ in range(CUSTOMERS_HANDS)]
            names = [name for service in ORDER for name in _processes(service, [*gateways, *doubles])]
            for _ in range(ROUNDS):
                await asyncio.wait(
                    [asyncio.create_task(restart_all(world, names, hands, door)), *working],
                    return_when=asyncio.FIRST_COMPLETED,
                )
            hands.stop()
            await asyncio.gather(*working)
        assert min(door.sent_to.values()) > 0, "both gateways had connections"
        assert door.turned_away == 0, "a gateway was given up before it had said so"
    await everything_is_settled(world, customer, hands)


def _processes(service: str, extras: list[str]) -> list[str]:
    return [service, *(name for name in extras if name.startswith(f"{service}-"))]


async def everything_is_settled(world, customer, hands: Hands) -> None:
    """As many tasks as were asked for, each done, stored and paid once."""
    assert len(hands.made) == hands.begun > 0
    assert Counter(video.status for video in hands.made) == {"completed": hands.begun}
    assert len({video.id for video in hands.made}) == hands.begun
    jobs = Counter(job["prompt"] for job in await world.jobs())
    assert max(jobs.values()) == 1, "nothing was sent to a provider twice"
    outcomes = "SELECT outcome, count(*) AS n FROM tasks WHERE account_id = $1 GROUP BY outcome"
    told = {row["outcome"]: row["n"] for row in await world.rows("ledger", outcomes, customer.id)}
    assert told == {"settled": hands.begun}

    async def nothing_held() -> bool:
        return (await customer.credits())["held"] == 0

    await until(nothing_held, "no credits held")
    await world.books_are_right()

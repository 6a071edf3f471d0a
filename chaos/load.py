"""The load: new, poor, steady accounts and a hot one, over all kinds of models."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any
from uuid import UUID

import httpx
from catalog.catalog import Catalog
from stack.samples import smallest_input

from chaos.api import Api
from chaos.history import Asked, History
from chaos.stage import Stage

PER_SECOND = 7.0
STEADY, POOR = 6, 5
NEW_EVERY_SECONDS = 8.0
RICH, SCARCE = 1_000_000, 25
_WORDS = ("prompt", "text")


class Load:
    """Clients that go on until told to stop, each request to its end."""

    def __init__(
        self, stage: Stage, history: History, seed: int, client: httpx.AsyncClient, webhook_url: str
    ) -> None:
        self._history, self._client, self._webhook_url = history, client, webhook_url
        self._chance = random.Random(f"load {seed}")
        self._operator = Api(client, str(stage.facts["admin_key"]), history)
        self._apis: dict[str, Api] = {}
        self._pools: dict[str, list[str]] = {"hot": [], "steady": [], "poor": [], "new": [], "test": []}
        self._running: set[asyncio.Task[None]] = set()
        self._numbers = 0
        catalog = Catalog.load()
        self._kinds: dict[str, list[str]] = {}
        self._inputs = {slug: _worded(model.schema) for slug, model in catalog.models.items()}
        for slug, model in catalog.models.items():
            self._kinds.setdefault(model.kind, []).append(slug)

    @property
    def apis(self) -> dict[str, Api]:
        """Account → its API."""
        return self._apis

    @property
    def operator(self) -> Api:
        """The operator's API."""
        return self._operator

    def busy(self) -> list[str]:
        """The accounts that most requests are of, the hot one first."""
        return [*self._pools["hot"], *self._pools["steady"]]

    async def begin(self) -> None:
        """Make the accounts, and wait until their credits show."""
        kinds = ["hot", *["steady"] * STEADY, *["poor"] * POOR, "test"]
        for kind in kinds:
            await self._account(kind)
        await self._credits_show()

    async def _credits_show(self) -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            found = [(await api.surely("GET", "/api/v1/credits")).json() for api in self._apis.values()]
            if all(each["available"] > 0 for each in found):
                return
            await asyncio.sleep(0.2)
        raise TimeoutError("the first grants never showed")

    async def run(self, seconds: float, over: Callable[[], bool]) -> None:
        """Send requests at a steady pace, whatever happens to them, so long and until it is over."""
        begun, due, new_due, look_due = time.monotonic(), 0.0, NEW_EVERY_SECONDS, 0.0
        while (now := time.monotonic() - begun) < seconds or not over():
            if now >= due:
                due += 1 / PER_SECOND
                self._start(self._one())
            if now >= new_due:
                new_due += NEW_EVERY_SECONDS
                self._start(self._newcomer())
            if now >= look_due:
                look_due = now + 0.5
                account = self._chance.choice(list(self._apis))
                self._start(self._apis[account].look(account))
            await asyncio.sleep(max(min(due, new_due) - (time.monotonic() - begun), 0.01))

    async def end(self) -> None:
        """Wait until every client knows what became of its requests."""
        while self._running:
            await asyncio.gather(*list(self._running), return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._kept(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _kept(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except TimeoutError as error:
            self._history.odd.append(str(error))

    async def _one(self) -> None:
        """One business request, with what a client may do besides."""
        account = self._chance.choice(self._pool())
        self._numbers += 1
        kind = self._chance.choice(list(self._kinds))
        model = self._chance.choice(self._kinds[kind])
        asked = Asked(account, f"chaos-{self._numbers:05d}", model)
        self._history.asked.append(asked)
        body, manner, pause = self._body(asked), self._chance.random(), self._chance.uniform(0, 3)
        api = self._apis[account]
        if manner < 0.05:  # an impatient client: the same twice at once
            await asyncio.gather(api.submit(asked, body), api.submit(asked, body))
        else:
            await api.submit(asked, body)
        if asked.outcome != "accepted":
            return
        if manner > 0.9:
            await asyncio.sleep(pause)
            await api.cancel(asked)
        elif manner > 0.85:  # a client that lost its notes
            await asyncio.sleep(pause)
            await api.submit(asked, body)

    def _pool(self) -> list[str]:
        names = self._chance.choices(["hot", "steady", "poor", "new", "test"], [35, 35, 12, 13, 5])
        return self._pools[names[0]] or self._pools["steady"]

    def _body(self, asked: Asked) -> dict[str, Any]:
        given = dict(self._inputs[asked.model])
        mark, more = self._fate()
        for word in _WORDS:
            if word in given:
                given[word] = f"{asked.key} a lighthouse at dusk {mark}".strip()
        if self._chance.random() < 0.2:
            more["webhook_url"] = self._webhook_url
        return {"model": asked.model, "input": given, **more}

    def _fate(self) -> tuple[str, dict[str, Any]]:
        """A marker for the simulator and fields of the request: failures, slow ones, short deadlines."""
        draw = self._chance.random()
        if draw < 0.03:
            return "[sim:fail]", {}
        if draw < 0.05:
            return "[sim:moderated]", {}
        if draw < 0.08:
            return "[sim:delay=9]", {}
        if draw < 0.24:  # many end near their deadline, so that success and expiry race
            return "[sim:delay=2]", {"deadline_seconds": self._chance.randint(8, 14)}
        return "", {}

    # -- accounts -----------------------------------------------------------------------------------

    async def _newcomer(self) -> None:
        await self._account("new")
        if self._chance.random() < 0.5:
            poor = self._chance.choice(self._pools["poor"])
            await self._grant(poor, SCARCE, test=False)
        elif self._pools["steady"]:
            await self._grant(self._pools["steady"][0], -3, test=False)

    async def _account(self, kind: str) -> None:
        """An account, its key and its first credits; asked for again under the same ids."""
        account = self._id()
        path = "/api/v1/admin/accounts"
        await self._operator.surely("POST", path, json={"name": kind, "tier": "enterprise", "id": account})
        key = await self._operator.surely(
            "POST", f"{path}/{account}/keys", json={"name": kind, "test": kind == "test"}
        )
        self._history.keys[account] = str(key.json()["key"])
        api = Api(self._client, self._history.keys[account], self._history)
        if kind == "test":
            self._history.test_accounts.add(account)
        await self._grant(account, SCARCE if kind == "poor" else RICH, test=kind == "test")
        self._apis[account] = api
        self._pools[kind].append(account)

    async def _grant(self, account: str, amount: int, *, test: bool) -> None:
        grant = self._id()
        given = {"credits": amount, "reason": "chaos", "id": grant, "test": test}
        answer = await self._operator.surely("POST", f"/api/v1/admin/accounts/{account}/grants", json=given)
        if answer.status_code == 201:
            self._history.granted[grant] = (account, "test" if test else "credit", amount * 1_000_000)
        else:
            self._history.odd.append(f"grant: {answer.status_code} {answer.text[:200]}")

    def _id(self) -> str:
        """A UUID that the seed draws."""
        return str(UUID(int=self._chance.getrandbits(128), version=4))


def _worded(schema: dict[str, Any]) -> dict[str, Any]:
    """The smallest input, with words in it where there may be any: they tell the provider's jobs apart."""
    words = {word: "" for word in _WORDS if word in schema["properties"]}
    return {**words, **smallest_input(schema)}


@contextlib.asynccontextmanager
async def load_of(stage: Stage, history: History, seed: int, webhook_url: str) -> AsyncIterator[Load]:
    """The load and its connections."""
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
    async with httpx.AsyncClient(
        base_url=str(stage.facts["gateway_url"]), trust_env=False, limits=limits
    ) as client:
        yield Load(stage, history, seed, client, webhook_url)

"""Carrying out what the schedule says; each fault is undone by itself, at the latest when all heals."""

import asyncio
import contextlib
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

import asyncpg
import httpx
from stack.errors import StackError

from chaos.api import Api
from chaos.held import Held
from chaos.poison import Poison
from chaos.schedule import MISDEEDS, SERVICES, Fault
from chaos.sight import Sight
from chaos.stage import SERVERS, Stage, until
from chaos.traps import Traps

_DELIVERING_OR_TELLING = """
SELECT (SELECT count(*) FROM deliveries WHERE state = 'pending')
     + (SELECT count(*) FROM outbox o, outbox_cursor c
        WHERE c.name = 'relay' AND (o.epoch, o.txid, o.id) > (c.epoch, c.txid, c.id))
"""
IN_FLIGHT = {
    "gateway": ("gateway", "SELECT count(*) FROM tasks WHERE finished_at IS NULL"),
    "ledger": ("ledger", "SELECT count(*) FROM tasks WHERE closed_at IS NULL AND asset IS NOT NULL"),
    "dispatcher": ("dispatcher", "SELECT count(*) FROM attempts WHERE status IN ('submitting', 'submitted')"),
    "callbacks": ("callbacks", _DELIVERING_OR_TELLING),
    "storage": ("storage", "SELECT count(*) FROM work"),
}
"""What a service has in hand, as its own tables say."""
_PATIENCE_SECONDS = 30.0
_LONG_PATIENCE_SECONDS = 60.0
"""For what needs the whole way of a task, while servers may be away."""
_TAKEN_OVER_SECONDS = 14.0
"""Kafka gives a stopped reader's partitions away after 6; Postgres ends its transaction after 15."""
_TRIES = 3
_NOT_DONE = (
    StackError,
    OSError,
    TimeoutError,
    httpx.HTTPError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""What a fault meets when another one has been there before: it is told, and left."""
_HEAL_SECONDS = 120.0
_CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"


@dataclass
class Nemesis:
    """Does harm on time."""

    stage: Stage
    operator: Api
    busy: Callable[[], list[str]]
    """The accounts that most tasks are of, the busiest first."""
    seed: int
    killed_in_flight: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)
    last_at: float = 0.0
    _shares: Counter[str] = field(default_factory=Counter)
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)
    _servers: dict[str, asyncio.Lock] = field(
        default_factory=lambda: {name: asyncio.Lock() for name in (*SERVERS, *SERVICES)}
    )

    def __post_init__(self) -> None:
        self._traps = Traps(self.stage)
        self._poisoning = Poison(self.stage, self.operator)

    @property
    def poisoned(self) -> int:
        """How many dead letters came of it and were replayed."""
        return self._poisoning.replayed

    async def run(self, faults: list[Fault]) -> None:
        """Begin each at its time; returns when all are over."""
        begun = time.monotonic()
        for fault in faults:
            await asyncio.sleep(max(fault.at - (time.monotonic() - begun), 0))
            task = asyncio.create_task(self._do(fault, begun))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        while self._under_way:
            await asyncio.gather(*list(self._under_way))
        for name in SERVICES:  # a kill that found nothing in hand is made up for
            if faults and not self.killed_in_flight[name]:
                await self._do(Fault(time.monotonic() - begun, "kill", name), begun)

    async def heal(self) -> None:
        """Undo whatever may still be in force, and have everything serve; raises TimeoutError."""
        for name in SERVICES:
            self.stage.signal(name, signal.SIGCONT)
        await self.stage.simulate("DELETE", "faults")
        await until(self._cured, "the poison is taken away", _HEAL_SECONDS)
        for name in SERVICES:
            await until(lambda n=name: self.stage.ready(n), f"{name} serves again", _HEAL_SECONDS)
        await self._poisoning.replay_letters()

    async def _cured(self) -> bool:
        try:
            await self._poisoning.cure()
        except _NOT_DONE:
            return False
        return True

    async def _do(self, fault: Fault, begun: float) -> None:
        harm = getattr(self, f"_{fault.kind}")
        at = time.monotonic() - begun
        try:
            await harm(fault)
            said = f"{at:6.1f} s  {fault.words()}"
        except _NOT_DONE as error:
            said = f"{at:6.1f} s  {fault.words()}: not done, {type(error).__name__}: {str(error)[:120]}"
        self.last_at = time.monotonic()
        self.told.append(said)
        print(said, flush=True)

    # -- processes ----------------------------------------------------------------------------------

    async def _kill(self, fault: Fault) -> None:
        """kill -9 while there is work in hand, if any comes within a few seconds."""
        work = await self._work(fault.target)
        if self.stage.signal(fault.target, signal.SIGKILL) and work:
            self.killed_in_flight[fault.target] += 1

    async def _failpoint(self, fault: Fault) -> None:
        """A running process dies when it comes by; another one may have to stand still for that."""
        async with self._traps.set(fault.target, str(fault.detail["arm"])) as sprung:
            if still := fault.detail.get("still"):
                await self._freeze(Fault(fault.at, "freeze", str(still), fault.seconds))
            else:  # what happens at each pass goes on for a while
                await asyncio.sleep(fault.seconds)
            await until(sprung, "it came by", _LONG_PATIENCE_SECONDS)

    async def _freeze(self, fault: Fault) -> None:
        async with self._servers[fault.target]:
            await self._stand_still(fault.target, fault.seconds)

    _lag = _freeze
    """Long enough for holds to pass their time while nobody hears of their success."""

    async def _stand_still(self, name: str, seconds: float) -> None:
        self.stage.signal(name, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            self.stage.signal(name, signal.SIGCONT)

    async def _zombie(self, fault: Fault) -> None:
        """Stop a reader in the middle of a batch until another has its partitions, then let it go on."""
        name, twin = fault.target, f"{fault.target}-twin"
        await self.stage.twin(name, twin)
        try:
            async with self._servers["kafka"], self._servers["postgres"], self._servers[name]:
                await self._provoke(self.stage.sight(name, twin), "offset_mismatch", lambda: self._once(name))
        finally:
            self.stage.signal(name, signal.SIGCONT)
            await self.stage.end_twin(twin)

    async def _once(self, name: str) -> None:
        async with self._locked(self.busy()) as held:
            await until(partial(_reached, held.waiting, 1), "a batch waits", _PATIENCE_SECONDS)
            with contextlib.suppress(TimeoutError):  # the first may be its twin's
                await until(partial(_reached, held.waiting, 2), "both wait", 5.0)
            self.stage.signal(name, signal.SIGSTOP)
            try:
                await held.let_go()
                with contextlib.suppress(TimeoutError):
                    taken_over = partial(_reached, held.waiting, 1, "consumer_offsets")
                    await until(taken_over, "another has its partitions", _TAKEN_OVER_SECONDS)
            finally:
                self.stage.signal(name, signal.SIGCONT)

    async def _provoke(self, sight: Sight, word: str, once: Callable[[], Awaitable[None]]) -> None:
        """Do something until it has had its effect: some moments can be met and not made."""

        async def seen() -> bool:
            return sight.saw(word)

        for left in range(_TRIES - 1, -1, -1):
            await once()
            try:
                await until(seen, word, 5.0)
            except TimeoutError:
                if not left:
                    raise
            else:
                return

    async def _work(self, service: str) -> int:
        database, sql = IN_FLIGHT[service]
        end = time.monotonic() + _PATIENCE_SECONDS
        while True:
            found = int(await self.stage.value(database, sql))
            if found or time.monotonic() > end:
                return found
            await asyncio.sleep(0.05)

    # -- servers ------------------------------------------------------------------------------------

    async def _stop(self, fault: Fault) -> None:
        async with self._servers[fault.target]:
            await self.stage.server_away(fault.target, fault.seconds, crash=False)

    async def _crash(self, fault: Fault) -> None:
        async with self._servers[fault.target]:
            await self.stage.server_away(fault.target, fault.seconds, crash=True)

    async def _cut(self, fault: Fault) -> None:
        """Every connection to a service's database breaks."""
        name = str(self.stage.facts["postgres"][fault.target]).rsplit("/", 1)[1]
        await self.stage.rows("postgres", _CUT, name)

    async def _deadlock(self, fault: Fault) -> None:
        """Take the ledger's locks in the other order, so that Postgres throws its batch out."""

        async def once() -> None:
            async with self._locked([max(self.busy())]) as held:
                await self._stand_still(fault.target, fault.seconds / 2)  # what comes meanwhile is one batch
                await until(partial(_reached, held.waiting, 1), "a batch waits", _PATIENCE_SECONDS)
                await held.cross()

        async with self._servers["postgres"], self._servers[fault.target]:
            await self._provoke(self.stage.sight(fault.target), "DeadlockDetected", once)

    async def _block(self, fault: Fault) -> None:
        """A transaction that is slow to end: everybody who needs its row waits, and others overtake them."""
        async with self._locked(self.busy()[:1], fault.target):
            await asyncio.sleep(fault.seconds)

    async def _replay(self, fault: Fault) -> None:
        """The operator has a service say all that it has said once more."""
        path = f"/api/v1/admin/services/{fault.target}/outbox/replay"
        await self.operator.surely("POST", path, json={"everything": True, "reason": "chaos"})

    @contextlib.asynccontextmanager
    async def _locked(self, accounts: list[str], service: str = "ledger") -> "AsyncIterator[Held]":
        conn = await asyncpg.connect(self.stage.superuser(service), timeout=5)
        try:
            held = Held(conn)
            await held.take(accounts)
            yield held
        finally:
            await conn.close(timeout=3)

    async def _poison(self, fault: Fault) -> None:
        async with self._servers["ledger"]:
            await self._poisoning.work(self.busy()[1:], fault.seconds)
        await self._poisoning.replay_letters()

    # -- the provider -------------------------------------------------------------------------------

    async def _provider(self, fault: Fault) -> None:
        """The simulator takes a share of its occasions to do something wrong."""
        self._shares[fault.target] += 1
        try:
            await self._order_shares()
            await asyncio.sleep(fault.seconds)
        finally:
            self._shares[fault.target] -= 1
            await self._order_shares()

    async def _order_shares(self) -> None:
        shares = {name: MISDEEDS[name] for name, many in self._shares.items() if many}
        await self.stage.simulate("PUT", "faults", json={"seed": self.seed, "shares": shares})


async def _reached(count: Callable[..., Awaitable[int]], least: int, *of: str) -> bool:
    """Whether there are that many by now."""
    return await count(*of) >= least

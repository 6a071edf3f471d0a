"""Failpoints of running processes, armed until somebody has come by."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable

from stack import control
from stack.errors import StackError

from chaos.stage import Stage

_LOOK_SECONDS = 0.2


class Traps:
    """One at a time in each service: arming a process disarms what was armed in it."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @contextlib.asynccontextmanager
    async def set(self, service: str, arm: str) -> AsyncIterator[Callable[[], Awaitable[bool]]]:
        """Armed for the length of the block, whoever bears the name. Yields what says whether it happened."""
        place, over = arm.partition("=")[0], asyncio.Event()
        async with self._turns[service]:
            sight = self._stage.sight(service)

            async def sprung() -> bool:
                if sight.saw('"event":"failpoint"', f'"{place}"'):
                    over.set()
                return over.is_set()

            watch = asyncio.create_task(self._kept_armed(service, arm, over))
            try:
                yield sprung
            finally:
                over.set()
                await watch
                await self._arm(service, "")

    async def _kept_armed(self, service: str, arm: str, over: asyncio.Event) -> None:
        """Arm the process, and each that comes after one that died for another reason."""
        armed: int | None = None
        while not over.is_set():
            process = self._stage.process(service)
            if process != armed and await self._arm(service, arm):
                armed = process
            await asyncio.sleep(_LOOK_SECONDS)

    async def _arm(self, service: str, arm: str) -> bool:
        """Whether it worked: not with one that is dead, starting or stopped."""
        try:
            await asyncio.to_thread(control.failpoints, service, arm, self._stage.home.state)
        except StackError:
            return False
        return True

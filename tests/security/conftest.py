"""What an attacker tries, with the tools of the packages that it is tried on."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "gateway"))

from gateway_tools import World
from gateway_worlds import making_worlds
from runtime.db import Database
from surface_tools import PROVIDERS


@pytest.fixture
async def make_world(
    open_db: Callable[[str], Awaitable[Database]],
) -> AsyncIterator[Callable[..., Awaitable[World]]]:
    """`await make_world(wrong_keys_per_minute=3)` is a gateway with such settings."""
    async with making_worlds(open_db) as make:
        yield make


@pytest.fixture
async def world(make_world: Callable[..., Awaitable[World]]) -> World:
    """A gateway with every provider; synchronous answers are hardly waited for."""
    return await make_world(providers=PROVIDERS, most_hold_seconds=0.01)

"""In which order a task tries the places that are open to it: the same whenever it is asked."""

from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from itertools import groupby
from math import log
from uuid import UUID

from dispatcher.domain.providers import Target

_UNIT = 2.0**64


def ranked(possible: Sequence[Target], task_id: UUID, unwell: Callable[[Target], bool]) -> list[Target]:
    """Best first: routes in their order, neighbours with weights drawn by them, a provider's keys in turn.

    Places that don't do well at the moment come after all others; they are no worse than none.
    """
    routes = [list(group) for _, group in groupby(possible, key=lambda each: id(each.route))]
    ordered = [target for route in _drawn(routes, task_id) for target in _keys(route, task_id)]
    return sorted(ordered, key=unwell)


def _drawn(routes: Sequence[list[Target]], task_id: UUID) -> Iterable[list[Target]]:
    """Runs of neighbours with weights are shuffled in proportion; a route without one keeps its place."""
    for weighted, run in groupby(routes, key=lambda route: route[0].route.weight is not None):
        if weighted:
            yield from sorted(run, key=lambda route: _draw(task_id, route[0], route[0].route.weight or 1))
        else:
            yield from run


def _keys(route: Sequence[Target], task_id: UUID) -> list[Target]:
    return sorted(route, key=lambda target: _draw(task_id, target, 1, target.credential.id))


def _draw(task_id: UUID, target: Target, weight: int, key: str = "") -> float:
    """A race of exponential clocks: the first is each in proportion to its weight."""
    name = f"{target.route.provider}\0{target.route.model}\0{key}".encode()
    drawn = int.from_bytes(blake2b(task_id.bytes + name, digest_size=8).digest(), "big")
    return -log((drawn + 1) / (_UNIT + 1)) / weight

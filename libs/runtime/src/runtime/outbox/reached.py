"""How far the relay has written into its topics, noted at leisure: after a restore, `recover` reads on there.

What is noted may lag behind what was sent, never run ahead: a record that is read once more changes nothing.
"""

import time
from collections.abc import Iterable

import structlog
from aiokafka.errors import KafkaError
from aiokafka.structs import RecordMetadata

from runtime.bus.topic_ids import topic_ids
from runtime.db import Connection
from runtime.recovery import table

log = structlog.get_logger()

_EVERY_SECONDS = 1.0


class Reached:
    """Of one producer's life."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._ids: dict[str, str] = {}
        self._next: dict[tuple[str, int], int] = {}
        self._unsaid: set[tuple[str, int]] = set()
        self._due = 0.0

    def note(self, acknowledged: Iterable[RecordMetadata]) -> None:
        """These records are in Kafka, and what they tell of is committed here."""
        for each in acknowledged:
            key = each.topic, each.partition
            if each.offset < self._next.get(key, 0):  # the topic was made anew: it has another id
                self._ids.clear()
            self._next[key] = each.offset + 1
            self._unsaid.add(key)

    async def keep(self, conn: Connection, *, now: bool = False) -> None:
        """Write it down if it is time, or `now`. A broker that doesn't answer is asked again later."""
        if not self._unsaid or not (now or time.monotonic() >= self._due):
            return
        self._due = time.monotonic() + _EVERY_SECONDS
        try:
            if unknown := {topic for topic, _ in self._unsaid} - self._ids.keys():
                self._ids.update(await topic_ids(self._bootstrap, unknown))
        except (KafkaError, OSError) as error:
            log.warning("topic_ids_unknown", error=f"{type(error).__name__}: {error}"[:300])
        said = {key: self._next[key] for key in self._unsaid if key[0] in self._ids}
        await table.reached(conn, said, self._ids)
        self._unsaid -= said.keys()

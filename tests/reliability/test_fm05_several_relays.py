"""5: several relays on one outbox must not mix up the order of a key's events."""

from collections import defaultdict
from uuid import UUID, uuid4

from runtime.db import Database
from runtime.outbox.relay import Relay
from runtime_fixtures import grant, record, until
from topic_reader import Reader

KEYS, EACH, RELAYS = 5, 40, 4
_LEADER = """
SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


async def said(reader: Reader, keys: list[UUID]) -> dict[UUID, list[int]]:
    """The amounts said under each key, in the order of the topic."""
    await reader.subjects()
    found: dict[UUID, list[int]] = defaultdict(list)
    wanted = {str(key).encode(): key for key in keys}
    for each in reader.records:
        if each.key in wanted:
            found[wanted[each.key]].append(int(each.value.split(b'"amount_micro":')[1].split(b",")[0]))
    return found


async def test_fm05_four_relays_say_each_keys_events_in_their_order_also_when_the_leader_is_cut_off(
    db: Database, kafka: str, reader: Reader
) -> None:
    """Taken out: the advisory lock. Four relays sent at once, and a key's events came as 1, 2, 1, 2, 1, 2."""
    relays = [
        Relay(db, service="gateway", bootstrap=kafka, idle_seconds=0.02, batch=7) for _ in range(RELAYS)
    ]
    for relay in relays:
        await relay.start()
    await until(lambda: any(relay._leading for relay in relays), "a leader")
    keys = [uuid4() for _ in range(KEYS)]
    for n in range(1, EACH + 1):
        await record(db, [grant(n + 1000, key) for key in keys])
        if n == EACH // 2:
            before = await said_all(reader, keys, n)
            assert before == {key: list(range(1001, 1001 + n)) for key in keys}  # each once, in order
            await db.pool.execute(f"SELECT pg_terminate_backend(pid) FROM ({_LEADER}) AS leader")
    after = await said_all(reader, keys, EACH)
    for key in keys:
        assert list(dict.fromkeys(after[key])) == list(range(1001, 1001 + EACH))
    await until(lambda: sum(relay._leading for relay in relays) == 1, "one leader")  # who was cut off knows
    for relay in relays:
        await relay.stop()


async def said_all(reader: Reader, keys: list[UUID], count: int) -> dict[UUID, list[int]]:
    async def enough() -> dict[UUID, list[int]] | None:
        found = await said(reader, keys)
        return found if all(len(set(found[key])) >= count for key in keys) else None

    found: dict[UUID, list[int]] = await until(enough, f"{count} events of each key")
    return found

"""4: ids are taken before commits, so a reader by id passes those that commit late."""

import pytest
from runtime.db import Database, Tx
from runtime.outbox.recorder import Outbox
from runtime.outbox.relay import Relay
from runtime_fixtures import grant, ids_of, record, until
from topic_reader import all_there


@pytest.fixture
async def relay(db: Database, kafka: str, topic: str):  # noqa: ARG001 -- the topic must be there
    made = Relay(db, service="gateway", bootstrap=kafka, idle_seconds=0.05, batch=50)
    yield made
    await made.stop()


async def test_fm04_a_late_committer_with_a_lower_id_is_not_skipped(db, relay, reader) -> None:
    """Taken out to see it fail: the `pg_snapshot_xmin` horizon in the relay's query."""
    early, late = grant(), grant()
    await relay.start()
    conn = await db.connect("slow")
    slow = conn.transaction()
    await slow.start()
    await Outbox("gateway").record(Tx(conn), [early])
    await record(db, [late])
    for _ in range(20):
        assert late.subject not in await reader.subjects()  # it waits below the horizon for the older one
    await slow.commit()
    await until(lambda: all_there(reader, ids_of([early, late])), "both records")
    await conn.close()
